// What must be settled before the first module runs and the first paint; a file of its own, since the page's policy allows no inline script.
(() => {
  // zod compiles schemas to code where it may. Here it may not, and the mere attempt is reported as a breach of the policy.
  globalThis.__zod_globalConfig = { jitless: true };

  let wanted = 'auto';
  try {
    wanted = localStorage.getItem('takt-color-scheme') ?? 'auto';
  } catch {
    // No storage: the system's theme.
  }
  const dark = wanted === 'dark' || (wanted === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
