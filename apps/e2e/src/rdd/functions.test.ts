import { fromModule, type Session } from '@kiln/client';
import { describe, expect, it } from 'vitest';
import { expectNothingRuns, TestEngine } from '../support/engine.ts';

const engine = new TestEngine();

const words = new URL('../../fixtures/functions/words.ts', import.meta.url);

const ten = (session: Session) => session.sparkContext.range(0, 10, 1, 2);

/** The error of a promise that has to fail. */
async function errorOf(promise: Promise<unknown>): Promise<Error & { code: string; hint: string; cause?: Error }> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error) => error,
  );
}

describe('a function', () => {
  it('that uses what is around it is refused with both ways out', async () => {
    const session = await engine.start();
    const factor = 3;
    const shift = 1;
    expect(() => ten(session).map((n) => n * factor + shift)).toThrow(
      expect.objectContaining({
        code: 'KILN_FUNCTION_CAPTURE',
        message: expect.stringMatching(/map uses 'factor', 'shift' from around it/),
        hint: expect.stringMatching(/\{ args: \{ factor, shift \} \}.*fromModule\(import\.meta\.url/),
      }),
    );
    const scaled = ten(session).map((n, args) => n * args.factor + args.shift, { args: { factor, shift } });
    expect(await scaled.take(3)).toEqual([1, 4, 7]);
  });

  it('that has no source of its own is refused', async () => {
    const session = await engine.start();
    const object = {
      method(n: number) {
        return n;
      },
    };
    const refused = [
      String,
      object.method,
      Math.abs.bind(null),
      class {},
      function (this: unknown) {
        return this;
      },
    ];
    for (const fn of refused)
      expect(() => ten(session).map(fn as (n: number) => unknown)).toThrow(
        expect.objectContaining({ code: 'KILN_FUNCTION_SOURCE' }),
      );
    expect(() => ten(session).map(async (n) => n)).toThrow(/only the function of foreachPartition may be/);
    expect(() => ten(session).map('n' as never)).toThrow(expect.objectContaining({ code: 'KILN_ARGUMENT' }));
  });

  it('of a module comes with what that imports', async () => {
    const session = await engine.start();
    const lines = session.sparkContext.parallelize(['To be, or not', 'to be'], 2);
    type Words = (line: string) => string[];
    expect(await lines.flatMap(fromModule<Words>(words, 'wordsOf')).countByValue()).toEqual(
      new Map([
        ['to', 2],
        ['be', 2],
        ['or', 1],
        ['not', 1],
      ]),
    );
    expect(
      await lines.map((line) => line.length).reduce(fromModule<(a: number, b: number) => number>(words, 'larger')),
    ).toBe(13);
    const none = await errorOf(lines.map(fromModule(words, 'none')).collect());
    expect(none).toMatchObject({ code: 'KILN_FUNCTION_MODULE' });
  });

  it('that throws fails its job with its own stack, stage and partition', async () => {
    const session = await engine.start();
    const failing = ten(session).map((n) => {
      if (n === 7) throw new RangeError('no sevens', { cause: new Error('bad luck') });
      return n;
    });
    const error = await errorOf(failing.collect());
    expect(error).toMatchObject({
      code: 'KILN_FUNCTION',
      message: expect.stringMatching(
        /partition 1 of stage 0 \(map < range\) failed: KILN_FUNCTION: RangeError: no sevens/,
      ),
      concerns: { partition: '1', stage: '0' },
    });
    expect(error.cause?.stack).toMatch(/^RangeError: no sevens\n\s+at .*functions\.test\.ts:\d+:\d+\)?$/);
    expect(error.cause?.cause).toMatchObject({ message: 'Error: bad luck' });
    const ofModule = await errorOf(
      session.sparkContext
        .parallelize(['x', ''], 1)
        .map(fromModule<(text: string) => string>(words, 'first'))
        .collect(),
    );
    expect(ofModule.cause?.stack).toMatch(/at firstLetter \(.*fixtures\/functions\/letters\.ts:4:\d+\)/);
    await expectNothingRuns(session);
  });

  it('that never ends is cancelled, and its slot is free again', async () => {
    const session = await engine.start();
    for (let round = 0; round < 3; round++) {
      const cancelled = new AbortController();
      const endless = ten(session).map(() => {
        for (;;);
      });
      const running = endless.collect({ signal: cancelled.signal });
      const started = () => engine.recorder.of('task-started').length;
      await expect.poll(started, { timeout: 20_000 }).toBeGreaterThan(4 * round + 1);
      cancelled.abort('enough');
      expect(await errorOf(running)).toMatchObject({ code: 'KILN_JOB_CANCELLED' });
      expect(await ten(session).count()).toBe(10);
    }
    await expectNothingRuns(session);
  });

  it('that fills its heap fails its task as out of memory, and nothing else', async () => {
    const session = await engine.start({ conf: { 'spark.driver.memory': '512m' } });
    const hoarding = ten(session).mapPartitions((records) => {
      const kept: unknown[] = [];
      for (const record of records) for (let i = 0; i < 50_000_000; i++) kept.push([record, i]);
      return kept;
    });
    expect(await errorOf(hoarding.count())).toMatchObject({
      code: 'KILN_TASK_FAILED',
      message: expect.stringMatching(/OUT_OF_MEMORY: the functions of a task took more than the \d+ MiB of heap/),
    });
    expect(await ten(session).count()).toBe(10);
  });

  it('that ends its thread fails its task', async () => {
    const session = await engine.start();
    expect(
      await errorOf(
        ten(session)
          .map(() => process.exit(3))
          .collect(),
      ),
    ).toMatchObject({
      message: expect.stringMatching(/ended the worker thread .* \(exit code 3\)/),
    });
    expect(
      await errorOf(
        ten(session)
          .mapPartitions(() => {
            setTimeout(() => {
              throw new Error('later');
            });
            const until = Date.now() + 20;
            while (Date.now() < until);
            return [];
          })
          .foreachPartition((records) => {
            for (const _ of records);
            return new Promise((resolve) => setTimeout(resolve, 500));
          }),
      ),
    ).toMatchObject({ message: expect.stringMatching(/later \(thrown outside of the task/) });
    expect(await ten(session).count()).toBe(10);
  });

  it('is tried again, on a fresh worker', async () => {
    const session = await engine.start({ master: 'local[2,3]' });
    const file = engine.path('tries');
    const once = ten(session).mapPartitionsWithIndex(
      (index, records, { path }) => {
        const { appendFileSync, readFileSync } = process.getBuiltinModule('node:fs');
        appendFileSync(path, `${index}\n`);
        if (readFileSync(path, 'utf8').split(`${index}\n`).length < 3) throw new Error('not yet');
        return records;
      },
      { args: { path: file } },
    );
    expect(await once.count()).toBe(10);
  });
});
