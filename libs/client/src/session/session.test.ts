import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Relation } from '@kiln/contracts';
import { describe, expect, test, vi } from 'vitest';
import { Window } from '../column/window.ts';
import { avg, col, count, expr, lit, row_number, sum, when } from '../functions/index.ts';
import { arrowStream } from '../test-support/arrow-stream.ts';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { parseSchema } from '../types/parse-type.ts';
import { requireNode } from './node-version.ts';
import { Session } from './session.ts';

function fakeSession(schema = 'id bigint, name string', rows: (bigint | string | null)[][][] = []) {
  const engine = new FakeEngine();
  const fields = parseSchema(schema);
  engine.result = () => ({ fields, streams: rows.map((partition) => arrowStream(fields, [partition])) });
  return { engine, session: Session.over(engine) };
}

/** The types of a plan from the root to the leaf of the first branch, without plan ids. */
function spine(plan: Relation): string[] {
  const node = plan as { readonly type: string; readonly input?: Relation; readonly left?: Relation };
  const next = node.input ?? node.left;
  return [...(node.type === 'plan-id' ? [] : [node.type]), ...(next ? spine(next) : [])];
}

describe('a session', () => {
  test('asks the engine nothing before an action', async () => {
    const { engine, session } = fakeSession();
    session.conf.set('spark.sql.shuffle.partitions', 8);
    const flights = session.read.option('header', true).schema('origin string, delay int').csv('flights.csv');
    flights.createOrReplaceTempView('flights');
    const airports = session.sql('select * from nowhere where not even sql');
    const late = flights
      .filter('delay > 60')
      .join(airports, flights.col('origin').eq(airports.col('iata')), 'left')
      .withColumn('slow', when(col('delay').gt(100), lit(true)).otherwise(false))
      .groupBy('state')
      .agg(count().as('flights'), avg('delay'), sum(expr('delay * 2')))
      .withColumn('rank', row_number().over(Window.partitionBy('state').orderBy(col('flights').desc())))
      .orderBy(col('flights').desc())
      .limit(10);
    void [
      late.write.mode('overwrite').partitionBy('state'),
      late.scalar(),
      session.range(10),
      session.createDataFrame([{ a: 1 }]),
    ];
    await setTimeout(20);
    expect(engine.calls).toEqual([]);
    await late.collect();
    expect(engine.calls.map((call) => call.method)).toEqual(['execute']);
    expect(spine(engine.queries[0]!.plan)).toEqual([
      'limit',
      'sort',
      'with-columns',
      'aggregate',
      'with-columns',
      'join',
      'filter',
      'read',
    ]);
    expect(engine.queries[0]).toMatchObject({
      conf: { 'spark.sql.shuffle.partitions': '8' },
      views: { flights: { type: 'read' } },
    });
  });

  test('decodes rows of all partitions', async () => {
    const { session } = fakeSession('id bigint, name string', [
      [[1n, 'a']],
      [],
      [
        [2n, null],
        [3n, 'c'],
      ],
    ]);
    const frame = session.table<{ id: bigint; name: string | null }>('t');
    const rows = await frame.collect();
    expect(rows).toEqual([
      { id: 1n, name: 'a' },
      { id: 2n, name: null },
      { id: 3n, name: 'c' },
    ]);
    expect(rows.map((row) => row.id)).toEqual([1n, 2n, 3n]);
    const seen = [];
    for await (const row of frame.toLocalIterator()) seen.push(row.name);
    expect(seen).toEqual(['a', null, 'c']);
  });

  test('leaving a local iterator cancels its job', async () => {
    const { engine, session } = fakeSession('id bigint', [[[1n]], [[2n]]]);
    for await (const row of session.table('t').toLocalIterator()) {
      expect(row['id']).toBe(1n);
      break;
    }
    expect(engine.cancelled).toEqual(['the iteration ended']);
  });

  test('actions ask for no more than they need', async () => {
    const { engine, session } = fakeSession('count bigint', [[[42n]]]);
    const frame = session.table('t');
    expect(await frame.count()).toBe(42);
    expect(await frame.isEmpty()).toBe(false);
    await frame.first();
    await frame.tail(3);
    expect(engine.queries.map(({ plan }) => spine(plan))).toEqual([
      ['aggregate', 'read'],
      ['limit', 'read'],
      ['limit', 'read'],
      ['tail', 'read'],
    ]);
    expect(engine.queries.map(({ dataFrameId }) => dataFrameId)).toEqual([null, null, null, null]);
    await expect(frame.take(-1)).rejects.toThrow('-1 is not a number of rows.');
  });

  test('show asks for one row more and prints what the engine formats', async () => {
    const { engine, session } = fakeSession();
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await session.table('t').show(5, false);
    expect(write).toHaveBeenCalledWith('0 streams\n');
    write.mockRestore();
    expect(engine.queries[0]!.plan).toMatchObject({ type: 'limit', limit: { value: '6' } });
    expect(engine.calls[1]!.description).toBe('{"rows":5,"truncate":0,"vertical":false}');
  });

  test('a second collect of a DataFrame names the same plan to the engine', async () => {
    const { engine, session } = fakeSession();
    const frame = session.table('t');
    await frame.collect();
    await frame.collect();
    const [first, second] = engine.queries;
    expect(first!.dataFrameId).not.toBeNull();
    expect(second).toEqual(first);
  });

  test('columns of one DataFrame are told from those of another', async () => {
    const { engine, session } = fakeSession();
    const people = session.table('people');
    const bosses = people.alias('b');
    await people.join(bosses, people.col('boss').eq(bosses.col('id'))).collect();
    expect(engine.queries[0]!.plan).toMatchObject({
      type: 'join',
      left: { type: 'plan-id', planId: 1, input: { type: 'read' } },
      right: { type: 'plan-id', planId: 2, input: { type: 'subquery-alias', input: { type: 'plan-id', planId: 1 } } },
      condition: { arguments: [{ planId: 1 }, { planId: 2 }] },
    });
  });

  test('writes', async () => {
    const { engine, session } = fakeSession();
    engine.written = () => ({ rows: 1, files: 2, bytes: 3 });
    const result = await session
      .table('t')
      .write.mode('overwrite')
      .option('compression', 'zstd')
      .partitionBy('state')
      .parquet('/out/late');
    expect(result).toEqual({ rows: 1, files: 2, bytes: 3 });
    expect(engine.calls[0]!.description).toBe('overwrite write');
    expect(engine.queries[0]!.plan).toMatchObject({
      type: 'write',
      format: 'parquet',
      path: '/out/late',
      options: [['compression', 'zstd']],
      partitionBy: ['state'],
    });
  });

  test('a view that is made of the one it replaces keeps what it was made of', async () => {
    const { engine, session } = fakeSession();
    session.range(3).createOrReplaceTempView('v');
    session.sql('select * from V').createOrReplaceTempView('w');
    session.sql('select id + 1 as id from w').createOrReplaceTempView('v');
    await session.table('v').collect();
    expect(engine.queries[0]!.views['v']).toMatchObject({
      type: 'with-ctes',
      ctes: [
        { name: 'v', plan: { type: 'range' } },
        { name: 'w', plan: { type: 'sql', text: 'select * from V' } },
      ],
      input: { type: 'sql', text: 'select id + 1 as id from w' },
    });
    expect(() => session.range(1).createTempView('V')).toThrow(expect.objectContaining({ code: 'KILN_VIEW_EXISTS' }));
    expect(session.dropTempView('V')).toBe(true);
    expect(session.dropTempView('V')).toBe(false);
  });

  test('tells the engine which DataFrames are garbage, if they ran something', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { engine, session } = fakeSession();
    session.table('unused');
    const kept = session.table('kept');
    await kept.collect();
    await (async () => {
      await session.table('dropped').collect();
    })();
    const ids = engine.queries.map(({ dataFrameId }) => dataFrameId);
    await vi.waitFor(() => {
      collectGarbage();
      expect(engine.released).toEqual([ids[1]]);
    });
    expect(await kept.isEmpty()).toBe(true);
  });

  test('rows from JavaScript', async () => {
    const { session } = fakeSession();
    const plan = (rows: Parameters<Session['createDataFrame']>[0], schema?: string) => {
      const node = session.createDataFrame(rows, schema).plan as { readonly input: Relation };
      return node.input;
    };
    expect(plan([{ a: 1, b: 'x' }, { b: null }])).toMatchObject({
      type: 'local-relation',
      columnNames: ['a', 'b'],
      rows: [
        [
          { value: '1', dataType: { type: 'double' } },
          { value: 'x', dataType: { type: 'string' } },
        ],
        [
          { value: null, dataType: { type: 'double' } },
          { value: null, dataType: { type: 'string' } },
        ],
      ],
    });
    expect(plan([], 'id bigint')).toMatchObject({
      type: 'limit',
      limit: { value: '0' },
      input: { rows: [[{ value: null }]] },
    });
    expect(() => plan([[1, 2]], 'id bigint')).toThrow('row 0 has 2 values; there are 1 columns (id).');
    expect(() => plan([{ id: 1.5 }], 'id bigint')).toThrow(
      'row 0, column id: 1.5 (number) is not a value of type long.',
    );
    expect(() => plan([])).toThrow('createDataFrame needs rows or a schema.');
  });

  test('a format of a plugin may need no path', () => {
    const { session } = fakeSession();
    const { input } = session.read.format('clock').option('rate', 5).load().plan as { readonly input: Relation };
    expect(input).toMatchObject({ type: 'read', source: { format: 'clock', paths: [], options: [['rate', '5']] } });
  });

  test('an aborted signal starts nothing', async () => {
    const { engine, session } = fakeSession();
    await expect(session.table('t').collect({ signal: AbortSignal.abort(new Error('no more')) })).rejects.toThrow(
      'no more',
    );
    expect(engine.calls).toEqual([]);
  });

  test('stops once, and says so afterwards', async () => {
    const { engine, session } = fakeSession();
    {
      await using inner = session;
      void inner;
    }
    await session.stop();
    expect(engine.stopped).toBe(1);
    await expect(session.table('t').collect()).rejects.toMatchObject({ code: 'KILN_SESSION_STOPPED' });
    await expect(session.usage()).rejects.toMatchObject({ code: 'KILN_SESSION_STOPPED' });
  });

  test('says which Node.js it needs', () => {
    expect(() => requireNode('20.20.2')).toThrow('Kiln runs on Node.js 24 or newer; this is 20.20.2.');
    requireNode('24.0.0');
  });
});
