import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** One process as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** Pid of the process that leads its session; a child stays in it when its parent is gone. */
  readonly session: number;
  readonly state: string;
  readonly command: string;
}

const readProcess = (pid: number): ProcessFacts | undefined => {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .replaceAll('\0', ' ')
      .trim();
    return { pid, parent: Number(fields[1]), session: Number(fields[3]), state: fields[0] ?? '?', command };
  } catch {
    return undefined; // It ended between the listing and the reading.
  }
};

/** Every process of the machine that is not a zombie. */
export function listProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
    .filter((process) => process.state !== 'Z');
}

/** Descendants of a process, itself not included. */
export function descendantsOf(pid: number): ProcessFacts[] {
  const all = listProcesses();
  const found = new Set([pid]);
  for (let grew = true; grew;) {
    grew = false;
    for (const process of all) {
      if (found.has(process.parent) && !found.has(process.pid)) {
        found.add(process.pid);
        grew = true;
      }
    }
  }
  return all.filter((process) => process.pid !== pid && found.has(process.pid));
}

/** Paths of regular files and sockets that a process holds open now (`socket:[inode]` for the latter). */
export function openFilesOf(pid: number): string[] {
  return readdirSync(`/proc/${String(pid)}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${String(pid)}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Remote `address:port` of each established TCP connection of a process. */
export function tcpPeersOf(pid: number): string[] {
  const inodes = new Set(openFilesOf(pid).flatMap((path) => /^socket:\[(\d+)\]$/.exec(path)?.[1] ?? []));
  return readFileSync(`/proc/${String(pid)}/net/tcp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '01' && inodes.has(fields[9] ?? ''))
    .map((fields) => {
      const [address = '', port = ''] = (fields[2] ?? '').split(':');
      const octets = (address.match(/../g) ?? []).reverse().map((hex) => Number.parseInt(hex, 16));
      return `${octets.join('.')}:${String(Number.parseInt(port, 16))}`;
    });
}

/** Unix-domain socket paths that a process holds, listening or connected by path. */
export function unixSocketsOf(pid: number): string[] {
  const inodes = new Set(openFilesOf(pid).flatMap((path) => /^socket:\[(\d+)\]$/.exec(path)?.[1] ?? []));
  return readFileSync(`/proc/${String(pid)}/net/unix`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => inodes.has(fields[6] ?? '') && fields[7] !== undefined)
    .map((fields) => fields[7] ?? '');
}
