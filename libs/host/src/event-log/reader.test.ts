import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { isKilnError } from '@kiln/base';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readHistory } from './history.ts';
import { EventLogReader } from './reader.ts';
import { distribution } from './summary.ts';
import { smallLog } from './test-support/small-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-event-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, 'app.jsonl');
  writeFileSync(path, content);
  return path;
}

const lines = smallLog.map((event) => JSON.stringify(event));
const text = `${lines.join('\n')}\n`;
const withHeader = (changes: object, ...rest: readonly string[]) =>
  `${JSON.stringify({ ...smallLog[0], ...changes })}\n${rest.map((line) => `${line}\n`).join('')}`;

/** What a writer that dies leaves: everything flushed, no end. */
async function flushed(content: string): Promise<Buffer> {
  const compressor = createZstdCompress();
  const chunks: Buffer[] = [];
  compressor.on('data', (chunk: Buffer) => chunks.push(chunk));
  compressor.write(content);
  await new Promise<void>((resolve) => compressor.flush(constants.ZSTD_e_flush, resolve));
  return Buffer.concat(chunks);
}

async function readAll(path: string) {
  const reader = await EventLogReader.open(path);
  return { events: await reader.toArray(), isCut: reader.isCut, unknown: reader.unknown };
}

describe('a reader', () => {
  test('passes over what it does not know, and gives 0 for metrics that an old log lacks', async () => {
    const ended = JSON.stringify({ ...smallLog.find((event) => event.type === 'task-ended'), metrics: { more: 1 } });
    const { events, unknown } = await readAll(file(withHeader({ more: true }, '{"type":"news","time":1}', ended)));
    expect(unknown).toBe(1);
    expect(events).toMatchObject([{ type: 'task-ended', metrics: { executorRunNanos: 0, shuffleReadBytes: 0 } }]);
  });

  test.each([
    ['another file', 'name: job\n', 'KILN_EVENT_LOG_FORMAT'],
    ['an empty file', '', 'KILN_EVENT_LOG_FORMAT'],
    ['a header that is cut off', lines[0]?.slice(0, -1) ?? '', 'KILN_EVENT_LOG_FORMAT'],
    ["Spark's log", '{"Event":"SparkListenerLogStart","Spark Version":"4.3.0"}\n', 'KILN_EVENT_LOG_FORMAT'],
    ['a later version', withHeader({ version: 2 }), 'KILN_EVENT_LOG_VERSION'],
    ['a header without settings', withHeader({ settings: undefined }), 'KILN_EVENT_LOG_DAMAGED'],
  ])('refuses %s', async (_, content, code) => {
    await expect(EventLogReader.open(file(content))).rejects.toMatchObject({ code, concerns: { file: file(content) } });
  });

  test('refuses what is not there', async () => {
    await expect(EventLogReader.open(join(folder, 'none'))).rejects.toMatchObject({
      code: 'KILN_EVENT_LOG_READ',
      message: expect.stringContaining('there is no such file'),
    });
    await expect(EventLogReader.open(folder)).rejects.toMatchObject({
      message: expect.stringContaining('it is a folder'),
    });
  });

  test.each([
    ['no JSON', '{"type":"engine-stopped"', 'the line is no JSON'],
    ['no event', '[]', 'the line is no event'],
    ['an event without its time', '{"type":"engine-stopped"}', "a wrong 'time'"],
  ])('names the line that is %s', async (_, line, message) => {
    await expect(readAll(file(withHeader({}, lines[1] ?? '', line)))).rejects.toMatchObject({
      code: 'KILN_EVENT_LOG_DAMAGED',
      message: expect.stringContaining(message),
      concerns: { line: '3' },
    });
  });

  test('reads up to the last complete line of a log that was cut anywhere', async () => {
    const header = (lines[0]?.length ?? 0) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: header, max: text.length - 1 }), fc.boolean(), async (length, compressed) => {
        const cut = text.slice(0, length);
        const bytes = compressed ? await flushed(cut) : cut;
        const { events, isCut } = await readAll(file(bytes));
        expect(isCut).toBe(true);
        expect(events).toEqual(smallLog.slice(1, cut.split('\n').length - 1));
      }),
      { numRuns: 50 },
    );
  });

  test('gives all that was flushed to a reader that takes its time', async () => {
    const blocks = Array.from({ length: 5_000 }, (_, bytes) =>
      JSON.stringify({
        ...smallLog.find((event) => event.type === 'block-updated'),
        bytes,
        block: `b${Math.random()}`,
      }),
    );
    const reader = await EventLogReader.open(file(await flushed(`${[lines[0], ...blocks].join('\n')}\n{"type"`)));
    let read = 0;
    for await (const _ of reader) if (++read % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect([read, reader.isCut]).toEqual([5_000, true]);
  });

  test('refuses a log whose first line is still on its way', async () => {
    for (let length = 0; length < (lines[0]?.length ?? 0); length += 10) {
      const opening = EventLogReader.open(file(await flushed(text.slice(0, length))));
      await expect(opening).rejects.toMatchObject({ code: 'KILN_EVENT_LOG_FORMAT' });
    }
  });

  test('says what is wrong with any other bytes, and fails in no other way', async () => {
    const header = Buffer.from(`${lines[0]}\n`);
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.uint8Array().map((tail) => Buffer.concat([header, tail, Buffer.from('\n')])),
      fc.uint8Array().map((tail) => Buffer.concat([zstdCompressSync(header), tail])),
      fc.json().map((json) => Buffer.concat([header, Buffer.from(`{"type":"task-ended","task":${json}}\n`)])),
      fc.nat(Buffer.byteLength(text) - 1).map((at) => Buffer.from(text).fill(0xff, at, at + 1)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        await readAll(file(content)).catch((error) => {
          if (!isKilnError(error)) throw error;
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('a history', () => {
  test('puts jobs, stages, tasks and executors together', async () => {
    const history = await readHistory(file(text));
    expect(history).toMatchObject({
      appId: 'app-1',
      name: 'test',
      startedAt: 1_000,
      endedAt: 3_000,
      isCut: false,
      executors: [{ executorId: '1', tasks: 4, failedTasks: 1, removedAt: 2_900, reason: 'lost' }],
      jobs: [{ jobId: 0, description: 'count', outcome: 'succeeded', skipped: [7] }],
      stages: [{ attempt: 0, numTasks: 3, outcome: 'succeeded', tasks: [{}, { outcome: 'failed' }, {}, {}] }],
    });
    const tasks = history.stages[0]?.tasks ?? [];
    expect(distribution(tasks, 'inputRows')).toEqual({
      min: 1,
      quarter: 1,
      median: 2,
      threeQuarters: 3,
      max: 3,
      sum: 6,
    });
    // 100, 200, 300 ms from launch to end, of which 60 ms were run and 10 made the task.
    expect(distribution(tasks, 'schedulerDelayNanos')).toMatchObject({ min: 30e6, median: 130e6, max: 230e6 });
    expect(distribution([], 'durationNanos')).toBeNull();
  });

  test('of an application that died has no end', async () => {
    const history = await readHistory(file(`${lines.slice(0, 6).join('\n')}\n`));
    expect(history).toMatchObject({ isCut: true, endedAt: null, jobs: [{ outcome: null }] });
  });
});
