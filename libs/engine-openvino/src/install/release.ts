/** Release that the installer brings, and that takt is tested with. Another one that is already installed is used as it is. */
export const OPENVINO_VERSION = '2026.4.1';

/** A wheel of that release: a zip archive, made for one Python but needing none for its libraries. */
export interface PinnedWheel {
  readonly sha256: string;
  /** Options that make pip choose this very file whatever Python it runs on. */
  readonly pip: readonly string[];
}

/** There is none for glibc 2.28 on ARM: OpenVINO is named there with TAKT_OPENVINO_DIR. */
const WHEELS: Readonly<Record<string, PinnedWheel>> = {
  'linux-x64': {
    sha256: '2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf',
    pip: ['--python-version=3.11', '--implementation=cp', '--abi=cp311', '--platform=manylinux_2_28_x86_64'],
  },
};

export const pinnedWheel = (platform: string, arch: string): PinnedWheel | undefined => WHEELS[`${platform}-${arch}`];

/** What takt needs of it: the C interface, the CPU plugin, readers of ONNX and of OpenVINO's own format, and the licences. */
const WANTED = [
  /^openvino\/libs\/libopenvino(_c)?\.so/,
  /^openvino\/libs\/libopenvino_(onnx|ir)_frontend\.so/,
  /^openvino\/libs\/libopenvino_intel_cpu_plugin\.so/,
  /^openvino\/libs\/lib(tbb|hwloc)/,
  /^openvino\/include\/openvino\/c\/ov_common\.h$/,
  /^openvino-[\w.]+\.dist-info\/licenses\//,
];

export const isWanted = (path: string): boolean => WANTED.some((pattern) => pattern.test(path));
