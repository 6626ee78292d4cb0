import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventLogSchema } from './schema.ts';

test('docs/reference/event-log.schema.json is current: run "npm run gen"', () => {
  const file = join(import.meta.dirname, '../../../../docs/reference/event-log.schema.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(eventLogSchema());
});
