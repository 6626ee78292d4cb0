import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, decodeAll, decodeEach, encode, encodeAll, RecordBuffer } from './codec.ts';

/** Anything that a record may be; -0 becomes 0. */
const records = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false, '', 0, Number.NaN, Number.POSITIVE_INFINITY),
    fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ maxLength: 5 }).filter((name) => name !== '__proto__'),
      tie('any'),
      { maxKeys: 4, noNullPrototype: true },
    ),
    fc.array(fc.tuple(fc.string(), tie('any')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.uniqueArray(fc.integer(), { maxLength: 4 }).map((values) => new Set(values)),
  ),
})).any;

describe('records as bytes', () => {
  it('come back as they were, one after the other', () => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 12 }), (all) => {
        expect(decodeAll(encodeAll(all))).toStrictEqual(all);
      }),
    );
  });

  it('stand alone: in any order they are the same', () => {
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 8 }), (all) => {
        const buffer = new RecordBuffer();
        const pieces = all.map((record) => {
          const start = buffer.length;
          buffer.append(record);
          return buffer.bytes().subarray(start);
        });
        expect(decodeAll(Buffer.concat(pieces.toReversed()))).toStrictEqual(all.toReversed());
      }),
    );
  });

  it('are read until enough', () => {
    const seen: unknown[] = [];
    decodeEach(encodeAll([1, 2, 3]), (record) => seen.push(record) < 2);
    expect(seen).toEqual([1, 2]);
    expect(decodeAll(new Uint8Array())).toEqual([]);
    expect(decode(encode({ a: 1 }))).toEqual({ a: 1 });
  });

  it('are not functions, symbols or promises', () => {
    for (const odd of [() => 1, Symbol('x'), Promise.resolve(1)]) expect(() => encode(odd)).toThrow(TypeError);
  });

  it('that are damaged are an error or other records, and nothing worse', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, place, flip) => {
        const bytes = encodeAll([record, 'end']);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ flip;
        try {
          decodeAll(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
