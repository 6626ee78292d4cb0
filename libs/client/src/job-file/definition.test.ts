import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jobSchema } from './definition.ts';

test('docs/reference/job.schema.json is current', () => {
  const written = readFileSync(new URL('../../../../docs/reference/job.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(written), 'run: npm run gen').toEqual(JSON.parse(JSON.stringify(jobSchema())));
});
