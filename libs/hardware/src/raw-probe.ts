/** What a probe read from a box, as text. Every text may be missing; facts are then thinner, never invented. */
export interface RawProbe {
  readonly hostname: string;
  /** Kernel release, `uname -r`. */
  readonly kernel: string;
  /** Architecture of this process's own binary, because engines are loaded into it: `x64`, `arm64`, `arm`. */
  readonly processArchitecture: string;
  /** Logical CPUs this process may run on (affinity, container limits). */
  readonly availableCpus: number;
  /** Bytes of memory that the system reports, for boxes without /proc/meminfo. */
  readonly totalMemoryBytes: number;
  readonly cpuinfo?: string | undefined;
  /** `lscpu` or `lscpu -J`. */
  readonly lscpu?: string | undefined;
  readonly osRelease?: string | undefined;
  readonly meminfo?: string | undefined;
  /** `ldd --version` or `glibc 2.28`. */
  readonly libc?: string | undefined;
  /** Output of `nvidia-smi -q -x` (stdout and stderr), undefined where there is no such program. */
  readonly nvidiaSmi?: string | undefined;
  readonly pci: readonly PciDevice[];
  readonly usb: readonly UsbDevice[];
  readonly disk: { readonly totalMiB: number; readonly freeMiB: number };
  /** Engine libraries found: name to version. */
  readonly engines: Readonly<Record<string, string>>;
}

/** Ids as the kernel prints them under /sys/bus/pci/devices: `0x8086`, `0x9a49`, class `0x030000`. */
export interface PciDevice {
  readonly vendor: string;
  readonly device: string;
  readonly class: string;
}

/** Ids as the kernel prints them under /sys/bus/usb/devices: `03e7`, `2485`. */
export interface UsbDevice {
  readonly vendor: string;
  readonly product: string;
}
