/**
 * A worker of vitest ends when the process that started it is gone. Otherwise an interrupted run leaves workers that go on with their
 * tests, and with every server that those have started; once the worker is gone, watchdogs end these.
 */
const mark = Symbol.for('takt.endsWithRunner');
if (process.connected && globalThis[mark] === undefined) {
  globalThis[mark] = true;
  process.once('disconnect', () => process.exit(1));
}
