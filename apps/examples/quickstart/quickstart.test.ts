import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Session } from '@kiln/client';
import { type JobEvent, loadJob, runJob } from '@kiln/client/job-file';
import { expect, test } from 'vitest';

test('the quickstart shows ten states and writes what it says', async () => {
  const out = join(mkdtempSync(join(tmpdir(), 'kiln-quickstart-')), 'months');
  const file = fileURLToPath(new URL('./job.yaml', import.meta.url));
  const events: JobEvent[] = [];
  await runJob(await loadJob(file, { set: [`outputs.1.path=${out}`] }), { onEvent: (event) => events.push(event) });

  const shown = events.find((event) => event.type === 'output-shown');
  const table = shown?.text.split('\n').filter((line) => line.startsWith('|')) ?? [];
  const cells = table.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells.length).toBe(11);
  // Computed from the same files without Kiln.
  expect(cells.slice(0, 3)).toEqual([
    ['state', 'flights', 'delay', 'worst_month'],
    ['CO', '74465', '10.6', '14.5'],
    ['AK', '19853', '9.6', '14.2'],
  ]);

  const written = events.find((event) => event.type === 'output-written');
  await using session = await Session.create({ master: 'local[2]' });
  const months = session.read.parquet<{ state: string; month: number; flights: bigint; delay: number }>(out);
  const rows = await months.collect();
  expect([rows.length, written?.rows]).toEqual([312, 312]);
  expect(rows.reduce((sum, row) => sum + row.flights, 0n)).toBe(3_000_000n);
  expect(await months.columns()).toEqual(['state', 'month', 'flights', 'delay']);
  expect(new Set(rows.map((row) => row.month))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
});
