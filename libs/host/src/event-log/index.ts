/**
 * Event logs: what an application did, as JSON lines (docs/reference/event-log.md).
 *
 * ```ts
 * import { EventLogReader, readHistory } from '@kiln/host/event-log';
 *
 * for await (const event of await EventLogReader.open('app.jsonl.zst')) console.log(event.type);
 * const { jobs, stages } = await readHistory('app.jsonl.zst');
 * ```
 */
export * from './format.ts';
export * from './history.ts';
export type { LoggedMetrics } from './metrics-format.ts';
export * from './reader.ts';
export { redact } from './redact.ts';
export { eventLogSchema } from './schema.ts';
export * from './summary.ts';
