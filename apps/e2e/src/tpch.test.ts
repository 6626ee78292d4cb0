import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from '@kiln/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, sorted } from './support/rows.ts';
import { queryNumbers, registerTpch, tpchGolden, tpchQuery } from './support/tpch.ts';

const localDir = mkdtempSync(join(tmpdir(), 'kiln-tpch-'));
afterAll(() => rmSync(localDir, { recursive: true, force: true }));

const variants: Record<string, Record<string, string>> = {
  'as shipped': {},
  'no broadcast': { 'spark.sql.autoBroadcastJoinThreshold': '-1' },
  '256 KB splits, 7 partitions': {
    'spark.sql.files.maxPartitionBytes': '256KB',
    'spark.sql.files.openCostInBytes': '0',
    'spark.sql.shuffle.partitions': '7',
    'spark.sql.adaptive.coalescePartitions.enabled': 'false',
  },
  'every block through a file': {
    'kiln.shuffle.forceFile': 'true',
    'spark.io.compression.codec': 'zstd',
    'spark.local.dir': localDir,
  },
  'a budget that spills': {
    'kiln.memory.budget': '48MB',
    'spark.sql.autoBroadcastJoinThreshold': '-1',
    'spark.local.dir': localDir,
  },
};

describe.each(Object.entries(variants))('TPC-H, %s', (_name, conf) => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.create({ master: 'local[2,4]', conf });
    await registerTpch(session);
  });
  afterAll(() => session?.stop());

  it.each(queryNumbers)('q%i gives the rows, names and types of Spark', async (number) => {
    const golden = await tpchGolden(number);
    const result = await resultOf(session.sql(await tpchQuery(number)));
    expect(result.fields).toEqual(golden.fields);
    expect(sorted(result.rows)).toEqual(sorted(golden.rows));
  });

  it('leaves nothing behind', async () => {
    await expect
      .poll(() => session.usage(), { timeout: 10_000 })
      .toMatchObject({ liveTasks: 0, reservedBytes: 0, temporaryFiles: 0, programs: 0, sharedBuilds: 0 });
  });
});
