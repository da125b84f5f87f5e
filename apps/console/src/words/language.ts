import { en } from './en.js';
import type { Words } from './en.js';
import { zh } from './zh.js';

export const Language = { en: 'en', zh: 'zh' } as const;
export type Language = (typeof Language)[keyof typeof Language];

export const WORDS: Readonly<Record<Language, Words>> = { en, zh };
/** Each language in its own words, with the tag that pages and `Intl` use. */
export const LANGUAGES: Readonly<Record<Language, { readonly name: string; readonly tag: string }>> = {
  en: { name: 'English', tag: 'en-GB' },
  zh: { name: '简体中文', tag: 'zh-CN' },
};

const isLanguage = (text: unknown): text is Language => text === 'en' || text === 'zh';

/** What was chosen before, else the first that the browser asks for and takt has, else English. */
export function pickLanguage(remembered: string | null, wanted: readonly string[]): Language {
  if (isLanguage(remembered)) return remembered;
  return wanted.map((tag) => tag.toLowerCase().split('-')[0]).find(isLanguage) ?? 'en';
}
