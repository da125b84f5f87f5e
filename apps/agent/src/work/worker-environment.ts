/** What a process needs to find programs, libraries, folders and its language. */
const NEEDED: ReadonlySet<string> = new Set(['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LD_LIBRARY_PATH', 'TAKT_LOG_LEVEL']);
/** Settings of engines, their thread pools and accelerators, and the worker's own. MALLOC_ARENA_MAX is the agent's alone. */
const PREFIXES = ['LC_', 'OMP_', 'ORT_', 'CUDA_', 'NVIDIA_', 'TAKT_WORKER_'];

/** Environment of a worker: what is named here and nothing else, so that no secret of the agent's reaches it. */
export const workerEnvironment = (environment: Readonly<Record<string, string | undefined>>): Record<string, string> => {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (NEEDED.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)))) passed[name] = value;
  }
  return passed;
};
