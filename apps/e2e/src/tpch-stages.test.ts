// Goldens are written by `npx vitest run --project e2e -u`: review them as a diff.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from '@kiln/client';
import { EventRecorder } from '@kiln/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenDirectory } from './support/paths.ts';
import { stagesText } from './support/stages.ts';
import { queryNumbers, registerTpch, tpchQuery, tpchVariants } from './support/tpch.ts';

const localDir = mkdtempSync(join(tmpdir(), 'kiln-tpch-stages-'));
const variants: { name: string; session: Session; recorder: EventRecorder }[] = [];

beforeAll(async () => {
  for (const [name, conf] of Object.entries(tpchVariants(localDir))) {
    const session = await Session.create({ master: 'local[2,4]', conf });
    const recorder = new EventRecorder();
    session.listen(recorder);
    await registerTpch(session);
    variants.push({ name, session, recorder });
  }
});
afterAll(async () => {
  for (const { session } of variants) await session.stop();
  rmSync(localDir, { recursive: true, force: true });
});

describe('TPC-H', () => {
  it.each(queryNumbers)('q%i runs in the stages of its golden file, with their tasks and rows', async (number) => {
    /** Stages to the variants that have them. */
    const texts = new Map<string, string[]>();
    for (const { name, session, recorder } of variants) {
      recorder.clear();
      await session.sql(await tpchQuery(number)).collect();
      const text = stagesText(recorder.recorded);
      texts.set(text, [...(texts.get(text) ?? []), name]);
    }
    const sections = [...texts].map(([text, names]) => `${names.map((name) => `== ${name}\n`).join('')}${text}\n`);
    await expect(sections.join('\n')).toMatchFileSnapshot(join(goldenDirectory, 'tpch-stages', `q${number}.txt`));
  });
});
