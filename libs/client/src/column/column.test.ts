import { describe, expect, test } from 'vitest';
import * as functions from '../functions/index.ts';
import { nameParts } from './names.ts';
import { Window } from './window.ts';

const { col, count, count_distinct, lit, lpad, when } = functions;

describe('columns', () => {
  test('are plain data in the shape of the tree', () => {
    expect(col('t.delay').plus(1).gt(col('limit')).expression).toEqual({
      type: 'unresolved-function',
      name: '>',
      arguments: [
        {
          type: 'unresolved-function',
          name: '+',
          arguments: [
            { type: 'unresolved-attribute', parts: ['t', 'delay'], planId: null, position: null },
            { type: 'literal', value: '1', dataType: { type: 'integer' } },
          ],
          isDistinct: false,
          filter: null,
          position: null,
        },
        { type: 'unresolved-attribute', parts: ['limit'], planId: null, position: null },
      ],
      isDistinct: false,
      filter: null,
      position: null,
    });
    expect(JSON.parse(JSON.stringify(col('a').isin(1, 2).expression))).toEqual(col('a').isin([1, 2]).expression);
  });

  test('BETWEEN is two comparisons, as in Spark', () => {
    expect(col('a').between(1, 2).expression).toEqual(col('a').geq(1).and(col('a').leq(2)).expression);
  });

  test('names with dots, quotes and stars', () => {
    expect(nameParts('`a.b`.c')).toEqual(['a.b', 'c']);
    expect(nameParts('`a``b`')).toEqual(['a`b']);
    expect(() => nameParts('a..b')).toThrow('"a..b" is not a column name.');
    expect(col('t.*').expression).toMatchObject({ type: 'unresolved-star', target: ['t'] });
    expect(col('s').getField('x').expression).toMatchObject({ parts: ['s', 'x'] });
  });

  test('a CASE grows and closes', () => {
    const open = when(col('a').gt(1), 'x').when(col('a').lt(0), 'y');
    expect(open.expression).toMatchObject({ type: 'case', branches: [{}, {}], otherwise: null });
    const closed = open.otherwise('z');
    expect(closed.expression).toMatchObject({ otherwise: { value: 'z' } });
    expect(() => closed.otherwise('w')).toThrow(expect.objectContaining({ code: 'KILN_ARGUMENT' }));
    expect(() => col('a').when(col('b'), 1)).toThrow('when() follows functions.when(...)');
  });

  test('windows and their frames', () => {
    const window = Window.partitionBy('k').orderBy(col('v').desc()).rowsBetween(-2, Window.unboundedFollowing);
    expect(functions.sum('v').over(window).expression).toMatchObject({
      type: 'window',
      spec: {
        orderBy: [{ direction: 'descending', nullOrdering: 'default' }],
        frame: {
          unit: 'rows',
          lower: { kind: 'preceding', value: { value: '2' } },
          upper: { kind: 'unbounded-following' },
        },
      },
    });
  });

  test('functions take names as columns and values as values', () => {
    expect(lpad('name', 5, '-').expression).toMatchObject({
      arguments: [{ parts: ['name'] }, { value: '5' }, { value: '-' }],
    });
    expect(lpad('name', 5).expression).toMatchObject({ arguments: [{}, {}] });
    expect(count('*').expression).toEqual(count().expression);
    expect(count_distinct('a', 'b').expression).toMatchObject({ name: 'count', isDistinct: true, arguments: [{}, {}] });
    expect(lit(null).expression).toEqual({ type: 'literal', value: null, dataType: { type: 'null' } });
  });
});
