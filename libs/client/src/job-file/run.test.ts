import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KilnError } from '@kiln/base';
import type { Relation } from '@kiln/contracts';
import { describe, expect, test } from 'vitest';
import { Session, type SessionOptions } from '../session/session.ts';
import { FakeEngine } from '../test-support/fake-engine.ts';
import { parseJob } from './load.ts';
import { type JobEvent, runJob } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-job-'));
writeFileSync(
  join(folder, 'steps.ts'),
  `export const top = (session: unknown, inputs: Record<string, { limit(n: number): unknown }>, args: { n: number }): unknown => inputs['late']!.limit(args.n);
export const nothing = () => 5;
export const broken = () => { throw new Error('division of labour'); };
`,
);
writeFileSync(join(folder, 'wrong.ts'), 'export const = 5;');

function prepare(steps: string, from: string) {
  const engine = new FakeEngine();
  const events: JobEvent[] = [];
  let asked: SessionOptions | undefined;
  const text = `
name: test
engine: { master: "local[2]", conf: { spark.sql.shuffle.partitions: 8 } }
sources: { flights: { format: csv, path: [a.csv, /b.csv], options: { header: true }, schema: "state string, delay int" }, clock: { format: clock } }
steps:
${steps}
outputs:
  - { from: ${from}, show: 3 }
  - { from: ${from}, format: parquet, path: out, mode: overwrite, partitionBy: [state] }
`;
  const job = parseJob(join(folder, 'job.yaml'), text);
  const run = (signal?: AbortSignal) =>
    runJob(job, {
      master: 'local[1]',
      conf: { 'spark.x': 1 },
      onEvent: (event) => events.push(event),
      createSession: async (options) => {
        asked = options;
        return Session.over(engine);
      },
      ...(signal ? { signal } : {}),
    });
  return { engine, events, job, run, asked: () => asked };
}

const late = '  late: { sql: "select state, count(*) n from flights group by state" }';
const top = '  top: { module: ./steps.ts, function: top, inputs: [late], args: { n: 3 } }';

describe('runJob', () => {
  test('builds views, calls functions and runs outputs in order', async () => {
    const { engine, events, run, asked } = prepare(`${top}\n${late}`, 'top');
    engine.written = () => ({ rows: 5, files: 2, bytes: 100 });
    await run();
    expect(asked()).toMatchObject({
      name: 'test',
      master: 'local[1]',
      baseDir: folder,
      conf: { 'spark.sql.shuffle.partitions': 8, 'spark.x': 1 },
    });
    expect(engine.calls.map(({ method, description }) => [method, description])).toEqual([
      ['execute', 'output 1: top'],
      ['showString', '{"rows":3,"truncate":20,"vertical":false}'],
      ['write', 'overwrite output 2: top'],
    ]);
    expect(engine.queries[1]!.plan).toMatchObject({
      type: 'write',
      path: join(folder, 'out'),
      partitionBy: ['state'],
      input: { type: 'limit' },
    });
    expect(Object.keys(engine.queries[0]!.views)).toEqual(['flights', 'clock', 'late', 'top']);
    expect(engine.queries[0]!.views['clock']).toMatchObject({ source: { format: 'clock', paths: [] } });
    expect(engine.queries[0]!.views['flights']).toMatchObject({ source: { paths: [join(folder, 'a.csv'), '/b.csv'] } });
    expect(events.map(({ type }) => type)).toEqual([
      'session-started',
      'output-started',
      'output-shown',
      'output-started',
      'output-written',
    ]);
    expect(events.at(-1)).toMatchObject({ from: 'top', path: 'out', rows: 5, files: 2 });
    expect(engine.stopped).toBe(1);
  });

  test.each([
    ['./steps.ts', 'tpo', 'steps.ts does not export a function "tpo".', 'Did you mean "top"?'],
    ['./wrong.ts', 'top', 'The module ./wrong.ts cannot be loaded.', null],
    ['./none.ts', 'top', 'The module ./none.ts cannot be loaded.', null],
    ['./steps.ts', 'broken', 'The function broken of ./steps.ts failed.', null],
    [
      './steps.ts',
      'nothing',
      'The function nothing of ./steps.ts gave no DataFrame.',
      'It gave number; a step returns what it built, for example inputs.flights.limit(10).',
    ],
  ])('%s %s: %s', async (module, name, message, hint) => {
    const { run } = prepare(`  top: { module: ${module}, function: ${name} }`, 'top');
    await expect(run()).rejects.toMatchObject({
      code: 'KILN_JOB_MODULE',
      message: expect.stringContaining(message),
      hint,
      concerns: { step: 'top' },
      position: { line: 6 },
    });
  });

  test('a wrong SQL step is found in the file, also when another step uses it', async () => {
    const { engine, run } = prepare(
      `  late:\n    sql: |\n      select state,\n        dely from flights\n${top}`,
      'top',
    );
    const mentions = (plan: Relation | undefined): boolean => JSON.stringify(plan).includes('dely');
    engine.result = ({ plan, views }) => {
      if (!mentions(plan) && !mentions(views['late'])) return { fields: [], streams: [] };
      throw new KilnError('UNRESOLVED_COLUMN.WITH_SUGGESTION', 'dely', {
        position: { line: 2, column: 3 },
        hint: 'Did you mean delay?',
      });
    };
    await expect(run()).rejects.toMatchObject({
      code: 'UNRESOLVED_COLUMN.WITH_SUGGESTION',
      hint: 'Did you mean delay?',
      position: { line: 9, column: 9 },
      concerns: { step: 'late', file: join(folder, 'job.yaml') },
    });
    expect(engine.stopped).toBe(1);
  });

  test.each([
    ['KILN_SOURCE_UNKNOWN', { line: 4, column: 31 }],
    ['KILN_SOURCE_NOT_FOUND', { line: 4, column: 36 }],
    ['KILN_SOURCE_OPTIONS', { line: 4, column: 59 }],
  ])('a source that cannot be read is found in the file: %s', async (code, position) => {
    const { engine, run } = prepare(late, 'late');
    engine.result = () => {
      throw new KilnError(code, 'no source');
    };
    await expect(run()).rejects.toMatchObject({ code, position, concerns: { source: expect.any(String) } });
  });

  test('an aborted job ends its engine', async () => {
    const { engine, run } = prepare(late, 'late');
    const controller = new AbortController();
    engine.result = () => {
      controller.abort(new Error('enough'));
      return { fields: [], streams: [new Uint8Array()] };
    };
    await expect(run(controller.signal)).rejects.toThrow('enough');
    expect(engine.stopped).toBe(1);
  });
});
