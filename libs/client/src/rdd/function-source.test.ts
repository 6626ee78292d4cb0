import { describe, expect, it } from 'vitest';
import { type AnyFunction, sentFunction } from './function-source.ts';

/** A function of this text, with none of this module around it, as a program's own would be. */
const fn = (text: string): AnyFunction => new Function(`return (${text})`)() as AnyFunction;

const captures = (text: string): string | null => {
  try {
    sentFunction('map', fn(text));
    return null;
  } catch (error) {
    return (error as { concerns: { variables?: string } }).concerns.variables ?? (error as Error).message;
  }
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a function
const template = '(x) => `${name}`';

describe('free variables of a function', () => {
  it.each([
    '(x) => x + 1',
    'x => { const y = x; let z = y; var w = z; return w; }',
    'function named(x) { return x > 0 ? named(x - 1) : arguments.length; }',
    '(x) => { for (const y of x) { try { y(); } catch (error) { throw error; } } }',
    '(x) => { class A { #p = 1; static s = 2; get p() { return this.#p; } } return new A().p + A.s; }',
    '(x) => x.map((y, i, all) => [y, i, all.length])',
    '({ a, b: { c = 3 } = {}, ...rest }, [d]) => [a, c, rest, d]',
    '(x) => { label: while (x) { break label; } }',
    '(x) => ({ x, undefinedToo: undefined, n: NaN, m: Math.max(1, Infinity) })',
    '(x) => [console, process, Buffer, URL, structuredClone, setTimeout, TextEncoder, fetch, globalThis]',
    '(x) => { hoisted(); function hoisted() { return this; } }',
    '(x) => { const o = { m() { return this.v; }, v: 1 }; return o.m(); }',
    'function* (all) { yield* all; }',
    '(x) => /a(b)c/v.exec(String(x))?.[1] ?? null',
    '(x) => { using r = x; return r; }',
  ])('are none of %s', (text) => {
    expect(captures(text)).toBeNull();
  });

  it.each([
    ['(x) => x * factor', 'factor'],
    ['(x) => a(b[c].d, { e, f: g })', 'a, b, c, e, g'],
    ['(x) => { x = y; z = 1; }', 'y, z'],
    ['(x = other) => x', 'other'],
    ['(x) => { { const inner = 1; } return inner; }', 'inner'],
    [template, 'name'],
    ['(x) => tag`text`', 'tag'],
    ['(x) => class extends Base {}', 'Base'],
    ['(x) => x instanceof Thing', 'Thing'],
    ['(x) => { try { f(); } catch { g(); } }', 'f, g'],
    ['(x) => require("fs")', 'require'],
  ])('of %s are %s', (text, expected) => {
    expect(captures(text)).toBe(expected);
  });

  it.each([
    ['(x) => this.y', /uses 'this'/],
    ['function (x) { return this.y; }', /uses 'this'/],
    ['function (x) { return () => this; }', /uses 'this'/],
    ['function (x) { return new.target; }', /uses 'new.target'/],
    ['(x) => import("node:fs")', /uses 'import'/],
    ['({ m(x) { return x; } }).m', /is a method/],
    [
      '({ get m() { return (x) => x; } }, Object.getOwnPropertyDescriptor({ get m() { return 1; } }, "m").get)',
      /is a method|getter/,
    ],
    ['Number', /is native/],
    ['class A {}', /is a class/],
    ['async (x) => x', /is asynchronous/],
  ])('of %s: the function is refused', (text, message) => {
    expect(() => sentFunction('map', fn(text))).toThrow(message);
    expect(() => sentFunction('map', fn(text))).toThrow(expect.objectContaining({ code: 'KILN_FUNCTION_SOURCE' }));
  });

  it('do not count variables that a program adds to the globals', () => {
    (globalThis as Record<string, unknown>)['addedByAProgram'] = 1;
    try {
      expect(captures('(x) => addedByAProgram')).toBe('addedByAProgram');
    } finally {
      delete (globalThis as Record<string, unknown>)['addedByAProgram'];
    }
  });
});

describe('args', () => {
  it('are copied when they are given', () => {
    expect(sentFunction('map', fn('(x, y) => x + y'), { args: { a: [1] } }).args).toBeInstanceOf(Uint8Array);
    expect(sentFunction('map', fn('(x) => x')).args).toBeNull();
    expect(() => sentFunction('map', fn('(x, f) => f(x)'), { args: () => 1 })).toThrow(/args of map cannot be sent/);
  });

  it('have the operator and its place as their name', () => {
    expect(sentFunction('map', fn('(x) => x')).name).toMatch(/^map at function-source\.test\.ts:\d+$/);
  });
});
