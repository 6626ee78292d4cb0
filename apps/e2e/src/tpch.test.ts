import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from '@kiln/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, sorted } from './support/rows.ts';
import { queryNumbers, registerTpch, tpchGolden, tpchQuery, tpchVariants } from './support/tpch.ts';

const localDir = mkdtempSync(join(tmpdir(), 'kiln-tpch-'));
afterAll(() => rmSync(localDir, { recursive: true, force: true }));

describe.each(Object.entries(tpchVariants(localDir)))('TPC-H, %s', (_name, conf) => {
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
