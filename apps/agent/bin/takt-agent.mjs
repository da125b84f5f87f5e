#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// The daemon waits most of its life: a small young generation and interpreted code keep it below 80 MB, at no cost that
// shows. Only this process gets them; workers are started without.
for (const flag of ['--semi-space-growth-factor=1', '--optimize-for-size', '--no-opt', '--no-maglev', '--no-sparkplug'])
  setFlagsFromString(flag);
await import('../dist/main.js');
