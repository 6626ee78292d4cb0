import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executorId } from '@kiln/base';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { Logger } from '@kiln/contracts/plugin';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventLog, type EventLogOptions } from './event-log.ts';
import type { LoggedEvent } from './format.ts';
import { EventLogReader } from './reader.ts';

let folder = '';
const errors: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-event-log-'));
  errors.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nothing = () => {};
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: (_, message) => errors.push(message) };
const options = (changes: Partial<EventLogOptions> = {}): EventLogOptions => ({
  dir: join(folder, 'logs'),
  appId: 'app-1',
  compress: true,
  settings: { 'spark.app.name': 'test', 'spark.authenticate.secret': 'hush' },
  kilnVersion: '1.2.3',
  logger,
  ...changes,
});
const block = (bytes: number): EngineEvent => {
  return {
    type: 'block-updated',
    time: 5,
    executorId: executorId('driver'),
    block: 'shuffle_0_0',
    bytes,
    stored: 'memory',
  };
};
const stopped: EngineEvent = { type: 'engine-stopped', time: 9 };

async function eventsOf(path: string): Promise<{ reader: EventLogReader; events: readonly LoggedEvent[] }> {
  const reader = await EventLogReader.open(path);
  return { reader, events: await reader.toArray() };
}

describe('an event log', () => {
  test.each([true, false])('gives back what was told, in order (compressed: %s)', async (compress) => {
    const log = await EventLog.open(options({ compress }));
    expect(readdirSync(join(folder, 'logs'))).toEqual([
      compress ? 'app-1.jsonl.zst.inprogress' : 'app-1.jsonl.inprogress',
    ]);
    for (const event of [block(1), block(2), stopped]) log.onEvent(event);
    await log.close();
    expect(existsSync(`${log.path}.inprogress`)).toBe(false);
    const { reader, events } = await eventsOf(log.path);
    expect(events).toEqual([block(1), block(2), stopped]);
    expect(reader).toMatchObject({ isCut: false, unknown: 0, header: { version: 1, kilnVersion: '1.2.3' } });
    expect(reader.header.settings).toEqual({
      'spark.app.name': 'test',
      'spark.authenticate.secret': '*********(redacted)',
    });
  });

  test('drops nothing of 100,000 events that come faster than the disk takes them: the sender waits', async () => {
    const log = await EventLog.open(options({ limits: { batchCharacters: 4_000, mostPending: 20_000 } }));
    let most = 0;
    for (let number = 0; number < 100_000; number++) {
      log.onEvent(block(number));
      most = Math.max(most, log.pending);
    }
    // One batch above the limit, when it is taken.
    expect(most).toBeLessThanOrEqual(20_000 + 4_000 + 200);
    expect(most).toBeGreaterThan(4_000);
    log.onEvent(stopped);
    await log.close();
    const { events } = await eventsOf(log.path);
    expect(events).toHaveLength(100_001);
    expect(events.findIndex((event, index) => event.type !== 'block-updated' || event.bytes !== index)).toBe(100_000);
    expect(errors).toEqual([]);
  });

  test('can be read while it is written', async () => {
    const log = await EventLog.open(options());
    log.onEvent(block(1));
    await expect
      .poll(async () => (await eventsOf(`${log.path}.inprogress`).catch(() => null))?.events, { timeout: 5_000 })
      .toEqual([block(1)]);
    const { reader } = await eventsOf(`${log.path}.inprogress`);
    expect(reader.isCut).toBe(true);
    await log.close();
  });

  test('that cannot be made says which setting', async () => {
    writeFileSync(join(folder, 'file'), '');
    const failure = { code: 'KILN_EVENT_LOG_DIR', concerns: { property: 'spark.eventLog.dir' } };
    await expect(EventLog.open(options({ dir: join(folder, 'file/logs') }))).rejects.toMatchObject(failure);
    await expect(EventLog.open(options({ dir: 'hdfs://logs' }))).rejects.toMatchObject(failure);
    // Nobody's log is written over.
    writeFileSync(join(folder, 'app-1.jsonl.inprogress'), 'mine');
    const taken = options({ dir: `file://${folder}`, compress: false });
    await expect(EventLog.open(taken)).rejects.toMatchObject({ ...failure, cause: { code: 'EEXIST' } });
    expect(readFileSync(join(folder, 'app-1.jsonl.inprogress'), 'utf8')).toBe('mine');
  });

  test('that fails later is told once, and holds nobody up', async () => {
    const log = await EventLog.open(options({ limits: { batchCharacters: 100, mostPending: 1_000 } }));
    log.onEvent(block(0));
    rmSync(join(folder, 'logs'), { recursive: true });
    for (let number = 0; number < 1_000; number++) log.onEvent(block(number));
    await log.close();
    expect(errors).toEqual(['the event log cannot be written; it ends here, jobs go on']);
  });
});
