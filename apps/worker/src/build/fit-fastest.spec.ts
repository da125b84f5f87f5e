import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import type { RecipeEmitter } from './fit-budget.js';
import { fitFastest } from './fit-fastest.js';
import type { ChosenForm } from './fit-fastest.js';

/** A form whose files lose and take what the tables say, by name and reverts. */
const form = (name: string): RecipeEmitter => ({
  name: 'INT8',
  form: name,
  emit: (reverted) => Promise.resolve({ bytes: new TextEncoder().encode([name, ...reverted].join(' ')), auditFailure: null, notes: [] }),
  rank: () => Promise.resolve([{ layer: 'a', share: 0.5 }]),
  layerNames: (values) => Promise.resolve(values),
});

const refused: RecipeEmitter = {
  ...form('refused'),
  emit: () => Promise.reject(new TaktError({ code: 'Int8NotFused', message: 'not fused', action: 'none', component: 'worker' })),
};

interface Figures {
  readonly lost: number;
  readonly ms: number;
  /** Where timing comes out otherwise after the first time. */
  readonly againMs?: number;
}

interface Tried {
  readonly artifact: ChosenForm<{ readonly lost: number }>;
  readonly measured: readonly string[];
  readonly discarded: readonly string[];
  /** How often something was timed. */
  readonly timed: number;
}

async function fit(forms: readonly RecipeEmitter[], files: Readonly<Record<string, Figures>>): Promise<Tried> {
  const [measured, discarded]: [string[], string[]] = [[], []];
  let timed = 0;
  const artifact = await fitFastest(forms, 'fp32', {
    save: (_, bytes) => Promise.resolve(new TextDecoder().decode(bytes)),
    budget: 0.4,
    measure: (path) => {
      measured.push(path);
      return Promise.resolve({ lost: files[path]?.lost ?? 9 });
    },
    time: (paths) => {
      timed += 1;
      const of = ({ ms, againMs = ms }: Figures): number => (timed === 1 ? ms : againMs);
      return Promise.resolve(paths.map((path) => (path === 'fp32' ? 20 : of(files[path] ?? { lost: 9, ms: 9 }))));
    },
    discard: (path) => {
      discarded.push(path);
      return Promise.resolve();
    },
  });
  return { artifact, measured, discarded, timed };
}

describe('fitFastest', () => {
  it('takes the fastest form where it is inside as it is, measures no other, and says what was timed', async () => {
    const { artifact, measured, discarded } = await fit([form('one'), form('two')], {
      one: { lost: 0.3, ms: 5 },
      two: { lost: 0, ms: 6 },
    });
    expect(artifact.path).toBe('one');
    expect(artifact.choice).toBe('before any layer goes back: one 5.00 ms, two 6.00 ms');
    expect([measured, discarded]).toEqual([['one'], ['two']]);
  });

  it('takes a form that is slower as it is where the faster one has to buy accuracy with more time', async () => {
    const { artifact, discarded } = await fit([form('one'), form('two')], {
      one: { lost: 1, ms: 5 },
      'one a': { lost: 0.3, ms: 7 },
      two: { lost: 0.1, ms: 6 },
    });
    expect(artifact.path).toBe('two');
    expect(artifact.choice).toContain('; one and a back in it 7.00 against 6.00 ms, not taken');
    expect(discarded.at(-1)).toBe('one a');
  });

  it('keeps what was bought where that is faster still, and not within the noise of timing', async () => {
    const files = { one: { lost: 1, ms: 5 }, two: { lost: 0.1, ms: 6 } };
    const { artifact, measured } = await fit([form('one'), form('two')], { ...files, 'one a': { lost: 0.3, ms: 5.5 } });
    expect(artifact).toMatchObject({ path: 'one a', reverted: ['a'] });
    // Each file once.
    expect(measured).toEqual(['one', 'two', 'one a']);
    const tie = await fit([form('one'), form('two')], { ...files, 'one a': { lost: 0.3, ms: 5.96 } });
    expect(tie.artifact.path).toBe('two');
  });

  it('buys nothing where the faster form has too little of a head start', async () => {
    const { artifact, measured } = await fit([form('one'), form('two')], { one: { lost: 1, ms: 5.6 }, two: { lost: 0.1, ms: 6 } });
    expect([artifact.path, measured]).toEqual(['two', ['one', 'two']]);
  });

  it('buys nothing for a head start that is gone when both are timed again: to rank all layers takes a busy box a minute', async () => {
    const { artifact, measured } = await fit([form('one'), form('two')], {
      one: { lost: 1, ms: 5, againMs: 6.1 },
      two: { lost: 0.1, ms: 6 },
    });
    expect([artifact.path, measured]).toEqual(['two', ['one', 'two']]);
    expect(artifact.choice).toContain('; one is not ahead when timed again, 6.10 against 6.00 ms');
  });

  it('tells a form from the reverts of another that come to the same file', async () => {
    const same = {
      ...form('two'),
      emit: () => Promise.resolve({ bytes: new TextEncoder().encode('one a'), auditFailure: null, notes: [] }),
    };
    const { artifact, measured } = await fit([form('one'), same], { one: { lost: 1, ms: 5 }, 'one a': { lost: 0.3, ms: 6 } });
    expect(artifact).toMatchObject({ path: 'one a', reverted: [], steps: [] });
    expect(measured).toEqual(['one', 'one a']);
  });

  it('buys with the fastest form that can where none is inside as it is, and gives what loses least where none can', async () => {
    const files = { one: { lost: 3, ms: 5 }, 'one a': { lost: 2, ms: 5 }, two: { lost: 1, ms: 6 } };
    const bought = await fit([form('one'), form('two')], { ...files, 'two a': { lost: 0.3, ms: 6 } });
    expect(bought.artifact.path).toBe('two a');
    const { artifact } = await fit([form('one'), form('two')], { ...files, 'two a': { lost: 0.9, ms: 6 } });
    expect(artifact.path).toBe('two a');
  });

  it('leaves out a form that the model does not allow and says so; fails with its words where none is allowed', async () => {
    const { artifact } = await fit([refused, form('two')], { two: { lost: 0, ms: 6 } });
    expect(artifact).toMatchObject({
      path: 'two',
      choice: 'before any layer goes back: two 6.00 ms; with refused it could not be made: not fused',
    });
    await expect(fit([refused, refused], {})).rejects.toMatchObject({ code: 'Int8NotFused' });
  });

  it('times nothing where there is one form', async () => {
    const { artifact, timed } = await fit([form('one')], { one: { lost: 0, ms: 5 } });
    expect([artifact.path, artifact.choice, timed]).toEqual(['one', null, 0]);
  });

  it('makes each file once', async () => {
    const made: string[] = [];
    const counted = (name: string): RecipeEmitter => ({
      ...form(name),
      emit: (reverted) => {
        made.push([name, ...reverted].join(' '));
        return form(name).emit(reverted);
      },
    });
    await fit([counted('one'), counted('two')], { one: { lost: 1, ms: 5 }, 'one a': { lost: 0.3, ms: 5.5 }, two: { lost: 0.1, ms: 6 } });
    expect(made).toEqual(['one', 'two', 'one a']);
  });
});
