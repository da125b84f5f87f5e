// Sets the theme before the first paint; a file of its own, so that a strict content security policy lets it run.
(() => {
  let wanted = 'auto';
  try {
    wanted = localStorage.getItem('takt-color-scheme') ?? 'auto';
  } catch {
    // No storage: the system's theme.
  }
  const dark = wanted === 'dark' || (wanted === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
