// Goldens are written by `npx vitest run --project e2e -u`: read them as a user would.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { TestEngine } from './support/engine.ts';
import { startKiln } from './support/kiln.ts';
import { dataCache, goldenDirectory } from './support/paths.ts';
import { registerTpch } from './support/tpch.ts';

const engine = new TestEngine();

const perNation = `select n_name, count(*) as orders, sum(o_totalprice) as total
from customer join nation on c_nationkey = n_nationkey join orders on o_custkey = c_custkey
where o_orderdate >= date '1995-01-01' and c_acctbal > 0
group by n_name
order by total desc
limit 5`;

const queries: readonly (readonly [name: string, sql: string, conf: Record<string, string>])[] = [
  ['broadcast-join', perNation, {}],
  ['shuffled-join', perNation, { 'spark.sql.autoBroadcastJoinThreshold': '-1' }],
  [
    'scalar-subquery',
    'select c_name, c_acctbal * 2 as twice from customer where c_acctbal > (select avg(c_acctbal) from customer)',
    {},
  ],
  [
    'window',
    `select s_name, rank() over (partition by s_nationkey order by s_acctbal desc) as place,
  sum(s_acctbal) over (partition by s_nationkey) as total
from supplier`,
    {},
  ],
];

describe('explain', () => {
  it.each(queries)('of a %s is clear in each mode', async (name, sql, conf) => {
    // Ids of columns begin at 1 in each session.
    const session = await Session.create({ master: 'local[2]', conf });
    try {
      await registerTpch(session);
      const texts: string[] = [];
      for (const mode of ['simple', 'extended', 'formatted'] as const)
        texts.push(`-- ${mode}\n${await session.sql(sql).explainString(mode)}\n`);
      const text = texts.join('\n').replaceAll(/\/\S*\/tpch-[\d.]+-\d+\//g, '<data>/');
      expect(text).not.toContain(dataCache);
      await expect(text).toMatchFileSnapshot(join(goldenDirectory, 'explain', `${name}.txt`));
    } finally {
      await session.stop();
    }
  });

  it('of a job runs nothing and shows each output', async () => {
    const file = engine.path('job.yaml');
    writeFileSync(
      file,
      `name: explained
steps:
  a: { sql: select id % 3 as k from range(10) }
  b: { sql: "select k, count(*) as n from a group by k" }
outputs:
  - { from: b, show: 5 }
  - { from: a, format: csv, path: out }
`,
    );
    const { code, stdout, stderr } = await startKiln(['explain', file, '--master', 'local[2]']).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^-- output 1: b, 5 rows\n== Physical Plan ==\n/);
    expect(stdout).toMatch(/ {2}HashAggregate partial, keys=\[k#\d+\], functions=\[count\(1\)\]\n/);
    expect(stdout).toMatch(/-- output 2: a to \S+\/out\n== Physical Plan ==\nWriteFiles csv into \S+\/out\n/);
  });
});
