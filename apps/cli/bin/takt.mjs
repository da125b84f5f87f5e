#!/usr/bin/env node
// Plain JavaScript that every Node.js reads: it answers also where takt is not built yet, or Node.js is too old for it.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
const refuse = (message, action) => {
  process.stderr.write(`takt: ${message}\n  Next: ${action}\n`);
  process.exit(1);
};

if (Number(process.versions.node.split('.')[0]) < 22)
  refuse(
    `Node.js ${process.versions.node} is too old to run takt, which needs 22`,
    'npx takt, which uses the Node.js 24 that npm ci installs',
  );
if (!existsSync(main)) refuse('this checkout is not built', 'npm run build');
await import(main.href);
