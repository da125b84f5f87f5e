import { API_PREFIX } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { carriesFile } from './carries-file.js';

describe('carriesFile', () => {
  it.each([
    ['POST', `${API_PREFIX}/artifacts`, true],
    ['POST', `${API_PREFIX}/artifacts?fileName=a`, true],
    ['PUT', `${API_PREFIX}/artifacts/sha256:00?grant=a`, true],
    ['POST', `${API_PREFIX.toUpperCase()}/Artifacts`, true],
    ['GET', `${API_PREFIX}/artifacts/sha256:00`, false],
    ['POST', `${API_PREFIX}/artifacts-of`, false],
    ['POST', `${API_PREFIX}/models?a=${API_PREFIX}/artifacts`, false],
    ['POST', `${API_PREFIX}/uploads/check`, false],
  ])('%s %s: %s', (method, url, expected) => {
    expect(carriesFile({ method, url })).toBe(expected);
  });
});
