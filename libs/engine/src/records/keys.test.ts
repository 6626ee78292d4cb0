import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, identityOf, isOwnIdentity } from './keys.ts';

const keys = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false, Number.NaN),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(tie('any'), { maxLength: 3 }),
  ),
})).any;

describe('the order of keys', () => {
  it('is one: of three keys none is out of place', () => {
    fc.assert(
      fc.property(keys, keys, keys, (a, b, c) => {
        expect(compareKeys(a, a)).toBe(0);
        expect(Math.sign(compareKeys(a, b))).toBe(-Math.sign(compareKeys(b, a)) + 0);
        if (compareKeys(a, b) <= 0 && compareKeys(b, c) <= 0) expect(compareKeys(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('is that of numbers and of UTF-16 code units', () => {
    expect([3, -1, 2n, Number.NaN, 0.5].toSorted(compareKeys)).toEqual([-1, 0.5, 2n, 3, Number.NaN]);
    expect(['b', 'B', 'a', 'ä', ''].toSorted(compareKeys)).toEqual(['', 'B', 'a', 'b', 'ä']);
    expect([['a', 2], ['a'], ['a', 1]].toSorted(compareKeys)).toEqual([['a'], ['a', 1], ['a', 2]]);
    expect(() => [{}, {}].toSorted(compareKeys)).toThrow(/no order of objects/);
  });
});

describe('the identity of a key that is an object', () => {
  it('is its content', () => {
    expect(identityOf({ a: 1, b: [2] })).toBe(identityOf({ b: [2], a: 1 }));
    expect(identityOf(['1'])).not.toBe(identityOf([1]));
    expect(identityOf([5n])).not.toBe(identityOf([5]));
    expect(identityOf([-0])).toBe(identityOf([0]));
    expect(identityOf(['a,b'])).not.toBe(identityOf(['a', 'b']));
    expect(identityOf([null])).not.toBe(identityOf([undefined]));
    expect(identityOf(new Date(1))).not.toBe(identityOf([1]));
    expect(() => identityOf(new Map())).toThrow(TypeError);
    expect([1, 'a', null, undefined, 5n].every(isOwnIdentity)).toBe(true);
  });

  it('differs where the order does', () => {
    fc.assert(
      fc.property(fc.array(keys), fc.array(keys), (a, b) => {
        if (compareKeys(a, b) !== 0) expect(identityOf(a)).not.toBe(identityOf(b));
      }),
    );
  });
});
