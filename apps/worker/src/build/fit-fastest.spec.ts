import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import type { FittedArtifact, RecipeEmitter } from './fit-budget.js';
import { fitFastest } from './fit-fastest.js';

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
}

async function fit(
  forms: readonly RecipeEmitter[],
  files: Readonly<Record<string, Figures>>,
  options: { readonly untimed?: boolean } = {},
): Promise<{ readonly artifact: FittedArtifact<{ readonly lost: number }>; readonly measured: string[]; readonly discarded: string[] }> {
  const [measured, discarded]: [string[], string[]] = [[], []];
  const artifact = await fitFastest(forms, 'fp32', {
    save: (_, bytes) => Promise.resolve(new TextDecoder().decode(bytes)),
    budget: 0.4,
    measure: (path) => {
      measured.push(path);
      return Promise.resolve({ lost: files[path]?.lost ?? 9 });
    },
    time:
      options.untimed === true ? null : (paths) => Promise.resolve(paths.map((path) => (path === 'fp32' ? 20 : (files[path]?.ms ?? 9)))),
    discard: (path) => {
      discarded.push(path);
      return Promise.resolve();
    },
  });
  return { artifact, measured, discarded };
}

describe('fitFastest', () => {
  it('takes the fastest form, measures no other where it is inside as it is, and says what was timed', async () => {
    const { artifact, measured, discarded } = await fit([form('one'), form('two')], {
      one: { lost: 0.3, ms: 5 },
      two: { lost: 0, ms: 6 },
    });
    expect(artifact.path).toBe('one');
    expect(artifact.notes).toEqual(['timed with nothing else in float: one 5.00 ms, two 6.00 ms']);
    expect([measured, discarded]).toEqual([['one'], ['two']]);
  });

  it('takes a form that is slower as it is where the faster one has to buy accuracy with more time', async () => {
    const { artifact, discarded } = await fit([form('one'), form('two')], {
      one: { lost: 1, ms: 5 },
      'one a': { lost: 0.3, ms: 7 },
      two: { lost: 0.1, ms: 6 },
    });
    expect(artifact.path).toBe('two');
    expect(discarded).toEqual(['one', 'one a']);
  });

  it('keeps what was bought where that is faster still', async () => {
    const { artifact, discarded } = await fit([form('one'), form('two')], {
      one: { lost: 1, ms: 5 },
      'one a': { lost: 0.3, ms: 5.5 },
      two: { lost: 0.1, ms: 6 },
    });
    expect(artifact).toMatchObject({ path: 'one a', reverted: ['a'] });
    expect(discarded).toEqual(['one', 'two']);
  });

  it('gives the one that loses least where none is inside', async () => {
    const { artifact } = await fit([form('one'), form('two')], {
      one: { lost: 3, ms: 5 },
      'one a': { lost: 2, ms: 5 },
      two: { lost: 1, ms: 6 },
      'two a': { lost: 0.9, ms: 6 },
    });
    expect(artifact.path).toBe('two a');
  });

  it('leaves out a form that the model does not allow, and fails with its words where none is allowed', async () => {
    const { artifact } = await fit([refused, form('two')], { two: { lost: 0, ms: 6 } });
    expect(artifact).toMatchObject({ path: 'two', notes: [] });
    await expect(fit([refused, refused], {})).rejects.toMatchObject({ code: 'Int8NotFused' });
  });

  it('times nothing where forms come to the same bytes, or there is nothing to time with', async () => {
    const same = await fit([form('one'), form('one')], { one: { lost: 0, ms: 5 } });
    expect(same).toMatchObject({ artifact: { path: 'one', notes: [] }, measured: ['one'], discarded: [] });
    const { artifact } = await fit([form('one'), form('two')], { two: { lost: 0, ms: 6 } }, { untimed: true });
    expect(artifact.path).toBe('two');
  });
});
