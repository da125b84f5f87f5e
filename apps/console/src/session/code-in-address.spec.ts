import { describe, expect, it } from 'vitest';
import { codeInFragment, pageAfterLogin, takeCode } from './code-in-address.js';

describe('takeCode', () => {
  it('gives the code and leaves none in the address', () => {
    const replaced: string[] = [];
    const address = { hash: '#code=ABCD-EFGH', pathname: '/login', search: '?next=%2Fevents' };
    expect(takeCode(address, (url) => replaced.push(url))).toBe('ABCD-EFGH');
    expect(replaced).toEqual(['/login?next=%2Fevents']);
  });

  it.each(['', '#', '#code=', '#code=%20', '#token=x'])('finds none in %j and touches nothing', (hash) => {
    expect(codeInFragment(hash)).toBeUndefined();
    expect(takeCode({ hash, pathname: '/login', search: '' }, () => expect.unreachable())).toBeUndefined();
  });
});

describe('pageAfterLogin', () => {
  it.each([
    ['?next=%2Fnodes%2Fbox', '/nodes/box'],
    ['', '/'],
    ['?next=https%3A%2F%2Fevil.example', '/'],
    ['?next=%2F%2Fevil.example', '/'],
    ['?next=%2F%5Cevil.example', '/'],
    ['?next=%2Flogin', '/'],
  ])('%s: %s', (search, wanted) => {
    expect(pageAfterLogin(search)).toBe(wanted);
  });
});
