import { type DataFrame, KilnError, Session } from '@kiln/client';
import { col } from '@kiln/client/functions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let session: Session;
beforeAll(async () => {
  session = await Session.create({ master: 'local[2]' });
});
afterAll(() => session?.stop());

const steps: Record<string, (df: DataFrame<object>) => DataFrame<object>> = {
  withColumn: (df) => df.withColumn('id', col('id').plus(1)),
  filter: (df) => df.filter(col('id').gt(-1)),
  union: (df) => df.union(session.range(1)),
};

function chained(step: (df: DataFrame<object>) => DataFrame<object>, count: number): DataFrame<object> {
  let df: DataFrame<object> = session.range(3);
  for (let i = 0; i < count; i++) df = step(df);
  return df;
}

describe.each(Object.entries(steps))('a chain of %s', (name, step) => {
  it('of 100 calls runs', async () => {
    const rows = await chained(step, 100).count();
    expect(Number(rows)).toBe(name === 'union' ? 103 : 3);
  });

  it('of 2,000 calls is an error that says what to do', async () => {
    const failure = await chained(step, 2000)
      .collect()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KilnError);
    expect(failure).toMatchObject({ code: 'PLAN_TOO_DEEP', hint: expect.stringContaining('df.write') });
  });
});

it('the session goes on after a plan that is too deep', async () => {
  await expect(chained(steps['filter'] as (typeof steps)[string], 2000).collect()).rejects.toThrow('levels deep');
  expect(Number(await session.range(5).count())).toBe(5);
});

it('SQL text that is nested too deeply is an error', async () => {
  const text = `select ${'('.repeat(3000)}1${')'.repeat(3000)}`;
  await expect(session.sql(text).collect()).rejects.toBeInstanceOf(KilnError);
});
