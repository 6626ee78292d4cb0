import { describe, expect, it } from 'vitest';
import { ClusterProcesses } from './support/cluster.ts';
import { TestEngine } from './support/engine.ts';
import { resultOf, sorted } from './support/rows.ts';
import { registerTpch, tpchGolden, tpchQuery } from './support/tpch.ts';
import { executorsOf } from './support/traces.ts';

const engine = new TestEngine();
const cluster = new ClusterProcesses(engine);

/** Aggregates, joins of many tables, outer and semi joins, subqueries, a global sort. */
const queries = [1, 3, 5, 9, 13, 18, 21];

describe('TPC-H on a master and two workers', () => {
  it('gives the rows, names and types of Spark', async () => {
    const master = await cluster.master();
    await cluster.worker(master.url);
    await cluster.worker(master.url);
    const conf = { ...cluster.conf, 'spark.executor.memory': '1g', 'spark.sql.autoBroadcastJoinThreshold': '-1' };
    const session = await engine.start({ master: master.url, conf });
    await expect.poll(() => executorsOf(session.appId).size, { timeout: 30_000 }).toBe(2);
    await registerTpch(session);
    for (const number of queries) {
      const golden = await tpchGolden(number);
      const result = await resultOf(session.sql(await tpchQuery(number)));
      expect(result.fields, `q${number}`).toEqual(golden.fields);
      expect(sorted(result.rows), `q${number}`).toEqual(sorted(golden.rows));
    }
    const busy = new Set(engine.recorder.of('task-started').map(({ task }) => task.executorId));
    expect([...busy].sort()).toEqual(['0', '1']);
  });
});
