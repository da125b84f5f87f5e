import { readFile, readdir } from 'node:fs/promises';

/** Children of a process, from `/proc`: those of a PostgreSQL server have process groups of their own. */
const childrenOf = async (pid: number): Promise<number[]> => {
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // `pid (name) state ppid …`; the name may hold anything.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) children.push(Number(name));
  }
  return children;
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
};

/** Stops a server and its children with SIGSTOP: sockets stay open and nothing answers. The returned function lets it go on. */
export const pauseProcess = async (pid: number): Promise<() => void> => {
  signal(pid, 'SIGSTOP');
  const all = [pid, ...(await childrenOf(pid))];
  for (const one of all) signal(one, 'SIGSTOP');
  return () => {
    for (const one of all) signal(one, 'SIGCONT');
  };
};
