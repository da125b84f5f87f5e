import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { versionAtLeast } from '../nats/find-nats.js';
import { parseSeconds, parseUnit, splitWords } from './parse-unit.js';
import { mapPath, parseEnvironmentFile, resolveUnit } from './resolve-unit.js';
import { shouldRestart } from './supervisor.js';

const UNIT = `
# a comment
[Unit]
Description=serves %i
[Service]
Environment=A=1 "B=two words"
Environment=DATA=/var/lib/takt/x
EnvironmentFile=-/etc/takt/agent.env
EnvironmentFile=/etc/takt/must.env
ExecStartPre=-/usr/bin/takt-activate --data /var/lib/takt --line %i
ExecStart=/usr/bin/takt-runtime run \\
  --data /var/lib/takt --line %i --name "%i 100%%" $EXTRA \${A}
Restart=on-failure
RestartSec=500ms
KillSignal=SIGINT
TimeoutStopSec=1min 30s
RestartPreventExitStatus=2 78
ProtectSystem=strict
[Install]
WantedBy=multi-user.target
`;

describe('parseUnit', () => {
  it('takes what a supervisor obeys and leaves the hardening to systemd', () => {
    expect(parseUnit('takt-runtime@.service', UNIT)).toEqual({
      name: 'takt-runtime@.service',
      execStartPre: [{ words: ['/usr/bin/takt-activate', '--data', '/var/lib/takt', '--line', '%i'], ignoreFailure: true }],
      execStart: {
        words: ['/usr/bin/takt-runtime', 'run', '--data', '/var/lib/takt', '--line', '%i', '--name', '%i 100%%', '$EXTRA', '${A}'],
        ignoreFailure: false,
      },
      environment: { A: '1', B: 'two words', DATA: '/var/lib/takt/x' },
      environmentFiles: [
        { path: '/etc/takt/agent.env', optional: true },
        { path: '/etc/takt/must.env', optional: false },
      ],
      restart: 'on-failure',
      restartSeconds: 0.5,
      killSignal: 'SIGINT',
      timeoutStopSeconds: 90,
      restartPreventExitCodes: [2, 78],
    });
  });

  it('has systemd’s defaults', () => {
    expect(parseUnit('a.service', '[Service]\nExecStart=/bin/true')).toMatchObject({
      restart: 'no',
      restartSeconds: 0.1,
      killSignal: 'SIGTERM',
      timeoutStopSeconds: 90,
    });
  });

  it('clears a setting that is set to nothing', () => {
    expect(parseUnit('a.service', '[Service]\nExecStart=/bin/false\nExecStart=\nExecStart=/bin/true').execStart.words).toEqual([
      '/bin/true',
    ]);
  });

  it.each([
    ['[Service]\nRestart=always', 'exactly one ExecStart'],
    ['[Service]\nExecStart=/a\nExecStart=/b', 'exactly one ExecStart'],
    ['[Service]\nExecStart=takt', 'absolute path'],
    ['[Service]\nExecStart=+/bin/true', 'not supported'],
    ['[Service]\nExecStart=/a\nRestart=sometimes', 'Restart=sometimes'],
    ['[Service]\nExecStart=/a\nRestartSec=soon', 'no time span'],
    ['[Service]\nExecStart=/a\nKillSignal=TERM', 'no signal'],
    ['[Service]\nExecStart=/a\nEnvironment=A', 'no assignment'],
    ['[Service]\nnonsense', 'neither a section nor a setting'],
  ])('refuses %j', (text, message) => {
    expect(() => parseUnit('a.service', text)).toThrow(message);
  });
});

describe('resolveUnit', () => {
  const unit = parseUnit('takt-runtime@.service', UNIT);

  it('maps commands, paths, instance and variables', () => {
    const resolved = resolveUnit(unit, {
      instance: 'line-1',
      env: { EXTRA: '--x 1' },
      paths: { '/var/lib/takt': '/tmp/n1', '/etc/takt': '/tmp/n1/etc' },
      commands: { '/usr/bin/takt-runtime': ['node', 'runtime.mjs'] },
    });
    expect(resolved.name).toBe('takt-runtime@line-1.service');
    expect(resolved.main.argv).toEqual([
      'node',
      'runtime.mjs',
      'run',
      '--data',
      '/tmp/n1',
      '--line',
      'line-1',
      '--name',
      'line-1 100%',
      '--x',
      '1',
      '1',
    ]);
    expect(resolved.pre[0]?.argv).toEqual(['/usr/bin/takt-activate', '--data', '/tmp/n1', '--line', 'line-1']);
    expect(resolved.environment).toEqual({ A: '1', B: 'two words', DATA: '/tmp/n1/x', EXTRA: '--x 1' });
    expect(resolved.environmentFiles.map((file) => file.path)).toEqual(['/tmp/n1/etc/agent.env', '/tmp/n1/etc/must.env']);
  });

  it('needs an instance where the unit has one', () => {
    expect(() => resolveUnit(unit, {})).toThrow('%i');
  });

  it('ranks the given environment over the file over the unit', () => {
    expect(resolveUnit(unit, { instance: 'l', env: { A: '3' } }, { A: '2', B: '2' }).environment).toMatchObject({ A: '3', B: '2' });
  });
});

describe('words, paths, times', () => {
  it('puts any words together again', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '$', '%', '\t') }), { maxLength: 6 }), (words) => {
        const line = words.map((word) => `"${word.replaceAll(/["\\]/g, '\\$&')}"`).join('  ');
        expect(splitWords(line)).toEqual(words);
      }),
    );
  });

  it('maps whole path segments, the longest prefix first', () => {
    const paths = { '/var/lib/takt': '/a', '/var/lib': '/b' };
    expect(['/var/lib/takt', '/var/lib/takt/x', '/var/lib/takt2', '/etc'].map((path) => mapPath(path, paths))).toEqual([
      '/a',
      '/a/x',
      '/b/takt2',
      '/etc',
    ]);
  });

  it('reads time spans', () => {
    expect(['5', '0.5', '500ms', '1min 30s', '2h', 'infinity', 'soon'].map(parseSeconds)).toEqual([
      5,
      0.5,
      0.5,
      90,
      7200,
      Number.POSITIVE_INFINITY,
      undefined,
    ]);
  });

  it('reads environment files', () => {
    expect(parseEnvironmentFile('# c\nA=1\n\nB="x y"\n;d\nC=a=b\nbroken\n')).toEqual({ A: '1', B: 'x y', C: 'a=b' });
  });

  it('compares versions by number', () => {
    expect(versionAtLeast('2.10.0', '2.9.10')).toBe(true);
    expect(versionAtLeast('2.9.9', '2.9.10')).toBe(false);
    expect(versionAtLeast('2.12.5-RC.1', '2.12.5')).toBe(true);
    expect(versionAtLeast('3.0.0', '2.9.10')).toBe(true);
  });
});

describe('shouldRestart', () => {
  const ends = [
    { code: 0, signal: null },
    { code: 1, signal: null },
    { code: 2, signal: null },
    { code: null, signal: 'SIGTERM' as const },
    { code: null, signal: 'SIGKILL' as const },
  ];
  it.each([
    ['no', [false, false, false, false, false]],
    ['always', [true, true, false, true, true]],
    ['on-failure', [false, true, false, false, true]],
    ['on-abnormal', [false, false, false, false, true]],
  ] as const)('follows Restart=%s', (restart, expected) => {
    expect(ends.map((end) => shouldRestart({ restart, restartPreventExitCodes: [2] }, end))).toEqual(expected);
  });
});
