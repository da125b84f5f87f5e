import { describe, expect, it } from 'vitest';
import { en } from './en.js';
import { pickLanguage } from './language.js';
import { zh } from './zh.js';

type Tree = { readonly [key: string]: unknown };
const leaves = (tree: Tree, path = ''): [string, unknown][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? leaves(value as Tree, `${path}${key}.`) : [[`${path}${key}`, value] as [string, unknown]],
  );

describe('words', () => {
  it('has the same words in both languages, none of them empty', () => {
    const [english, chinese] = [leaves(en), leaves(zh)];
    expect(chinese.map(([path]) => path).sort()).toEqual(english.map(([path]) => path).sort());
    for (const [path, word] of [...english, ...chinese]) expect(word, path).not.toBe('');
  });

  it('is translated: hardly a word is the same in both', () => {
    const chinese = new Map(leaves(zh));
    const same = leaves(en).filter(([path, word]) => typeof word === 'string' && chinese.get(path) === word);
    expect(same.map(([path]) => path)).toEqual([
      'app.name',
      'node.cpu',
      'node.accuracy',
      'model.opset',
      'model.map50',
      'model.map',
      'unit.fps',
      'unit.ms',
      'unit.percent',
    ]);
  });
});

describe('pickLanguage', () => {
  it.each([
    ['zh', ['en-GB'], 'zh'],
    [null, ['zh-CN', 'en'], 'zh'],
    [null, ['de-DE', 'zh-TW'], 'zh'],
    [null, ['de-DE'], 'en'],
    ['klingon', ['en-US'], 'en'],
  ] as const)('%s and %j: %s', (remembered, wanted, picked) => {
    expect(pickLanguage(remembered, wanted)).toBe(picked);
  });
});
