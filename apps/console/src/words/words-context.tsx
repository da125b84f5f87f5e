import { createContext, useCallback, useContext, useLayoutEffect, useMemo, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { recall, remember } from '../app/remembered.js';
import { LANGUAGES, WORDS, pickLanguage } from './language.js';
import type { Language } from './language.js';
import type { Words } from './en.js';

interface Speech {
  readonly t: Words;
  readonly language: Language;
  /** Tag for `Intl`. */
  readonly tag: string;
  readonly speak: (language: Language) => void;
}

const SpeechContext = createContext<Speech | undefined>(undefined);

export function SpeechProvider({ children }: { children: ReactNode }): ReactElement {
  const [language, setLanguage] = useState<Language>(() => pickLanguage(recall('language'), navigator.languages));
  const speak = useCallback((next: Language) => {
    remember('language', next);
    setLanguage(next);
  }, []);
  const { tag } = LANGUAGES[language];
  useLayoutEffect(() => {
    document.documentElement.lang = tag;
  }, [tag]);
  const speech = useMemo(() => ({ t: WORDS[language], language, tag, speak }), [language, tag, speak]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === undefined) throw new Error('no SpeechProvider above');
  return speech;
}

export const useWords = (): Words => useSpeech().t;
