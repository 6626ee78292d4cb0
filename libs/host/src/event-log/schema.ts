import { z } from 'zod';
import { eventLogVersion, loggedEvent, logStarted } from './format.ts';

/** The JSON Schema of a line, for readers in other languages. */
export function eventLogSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(z.union([logStarted, ...loggedEvent.options]), { io: 'input' });
  return { $schema, title: `A line of an event log, version ${eventLogVersion}`, ...rest };
}
