/** Counts what passed, failed and was skipped over all suites, and remembers the names of what failed: they are read first. */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  failures = [];
  /** Suites in the order in which they ended, with their seconds. */
  suites = [];

  add({ passed = 0, failed = 0, skipped = 0 }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
  }

  /** One check as a test. `say` takes what is shown: checks that run beside tests keep it until these are through. */
  check(ok, title, detail = '', say = (text) => process.stdout.write(text)) {
    this.add(ok ? { passed: 1 } : { failed: 1 });
    if (!ok) this.failures.push(title);
    say(`  ${ok ? '✓' : '✗'} ${title}\n`);
    if (!ok && detail) say(`${detail.trim()}\n`);
  }

  /** Runs a suite, remembers its seconds, and resolves with what it counted. */
  async timed(name, run) {
    const before = { passed: this.passed, failed: this.failed, skipped: this.skipped };
    const since = performance.now();
    await run();
    const seconds = Math.round((performance.now() - since) / 1000);
    this.suites.push({ name, seconds });
    return {
      seconds,
      passed: this.passed - before.passed,
      failed: this.failed - before.failed,
      skipped: this.skipped - before.skipped,
    };
  }

  /** The last lines of a run; the very last one is what CI reads. */
  summary() {
    const suites = this.suites.map(({ name, seconds }) => `${name} ${seconds} s`).join(' · ');
    const failures = this.failures.map((failure) => `  ✗ ${failure}\n`).join('');
    return `\n${suites}\n${failures}${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped\n`;
  }

  get exitCode() {
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}
