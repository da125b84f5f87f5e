/** What a browser sees where the console is not built; no script, no style that the policy would not take. */
export const missingPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>takt: the console is not built</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem; color: #1f2933; }
      code { background: #eef1f4; padding: 0.1em 0.3em; border-radius: 3px; }
    </style>
  </head>
  <body>
    <h1>The console is not built</h1>
    <p>The control plane runs, and its API answers: see <a href="/api/docs">/api/docs</a>.</p>
    <p>In a checkout, <code>npm start</code> builds the console. On a server, build it with <code>npm run build -w @takt/console</code>,
      put <code>apps/console/dist</code> there, and name the folder in <code>TAKT_CONSOLE_DIR</code> of the control plane's settings.</p>
  </body>
</html>
`;
