import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from '@kiln/client';
import { EventRecorder } from '@kiln/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, sorted } from './support/rows.ts';
import { queryNumbers, registerTpch, tpchGolden, tpchQuery } from './support/tpch.ts';

const localDir = mkdtempSync(join(tmpdir(), 'kiln-tpch-cluster-'));
afterAll(() => rmSync(localDir, { recursive: true, force: true }));

describe('TPC-H on local-cluster[2,1,1024]', () => {
  let session: Session;
  const recorder = new EventRecorder();
  beforeAll(async () => {
    // No waiting for a preferred place: tables this small have all their tasks on one executor otherwise.
    const conf = { 'spark.local.dir': localDir, 'spark.locality.wait': '0' };
    session = await Session.create({ master: 'local-cluster[2,1,1024]', conf });
    session.listen(recorder);
    await registerTpch(session);
  });
  afterAll(() => session?.stop());

  it.each(queryNumbers)('q%i gives the rows, names and types of Spark', async (number) => {
    const golden = await tpchGolden(number);
    const result = await resultOf(session.sql(await tpchQuery(number)));
    expect(result.fields).toEqual(golden.fields);
    expect(sorted(result.rows)).toEqual(sorted(golden.rows));
  });

  it('had both executors at work, and blocks went between them', () => {
    const ended = recorder.of('task-ended');
    expect(new Set(ended.map(({ task }) => task.executorId)).size).toBe(2);
    expect(ended.some(({ metrics }) => metrics.remoteBytesRead > 0)).toBe(true);
    expect(ended.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    await expect
      .poll(() => session.usage(), { timeout: 10_000 })
      .toMatchObject({ liveTasks: 0, reservedBytes: 0, temporaryFiles: 0, programs: 0, sharedBuilds: 0 });
  });
});
