import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Scenario, type SimulationResult, type StagePlan, simulate } from './test-support/simulation.ts';

const time = fc.integer({ min: 0, max: 1000 });

function subset(upTo: number): fc.Arbitrary<number[]> {
  return upTo === 0 ? fc.constant([]) : fc.uniqueArray(fc.integer({ min: 0, max: upTo - 1 }), { maxLength: 2 });
}

function stagePlan(index: number): fc.Arbitrary<StagePlan> {
  const plan = fc.record({
    kind: fc.constantFrom('shuffle-map', 'shuffle-map', 'shuffle-map', 'scalar-subquery'),
    parents: subset(index),
    tasks: fc.integer({ min: 0, max: 8 }),
    isIndeterminate: fc.integer({ min: 0, max: 4 }).map((value) => value === 0),
  });
  return plan.map(({ kind, ...rest }) => {
    return kind === 'scalar-subquery'
      ? { ...rest, kind, tasks: 1, isIndeterminate: false }
      : { ...rest, kind: 'shuffle-map' };
  });
}

const pool = fc
  .integer({ min: 0, max: 5 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => stagePlan(index))));

function scenarios(trouble: boolean): fc.Arbitrary<Scenario> {
  const some = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number) =>
    fc.array(arbitrary, { maxLength: trouble ? maxLength : 0 });
  return pool.chain((stages) =>
    fc.record({
      seed: fc.integer(),
      pool: fc.constant(stages),
      results: fc.array(fc.record({ parents: subset(stages.length), tasks: fc.integer({ min: 0, max: 5 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
      jobs: fc.array(
        fc.record({
          at: time,
          result: fc.integer({ min: 0, max: 2 }),
          cancelledAt: trouble ? fc.option(time, { freq: 6 }) : fc.constant(null),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      executors: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
      losses: some(fc.record({ at: time, byApp: fc.boolean(), noticedAfter: fc.integer({ min: 0, max: 400 }) }), 10),
      lostBlocks: some(time, 8),
      failureRate: trouble ? fc.constantFrom(0, 0.1, 0.4) : fc.constant(0),
      conf: fc.constantFrom<Record<string, string>>(
        {},
        { 'spark.speculation': 'true', 'spark.speculation.quantile': '0.3', 'spark.speculation.multiplier': '1' },
      ),
    }),
  );
}

const failures = [
  'KILN_JOB_CANCELLED',
  'Boom',
  'KILN_TASK_FAILED',
  'KILN_STAGE_FETCH_FAILED',
  'KILN_STAGE_INDETERMINATE',
];

/** Every job ends; one that succeeds gave out each partition once, of data from one run of every stage; nothing is left behind. */
function check(scenario: Scenario, result: SimulationResult): void {
  for (const [id, job] of result.jobs) {
    if (job.code !== null) {
      expect(failures, `job ${id}`).toContain(job.code);
      continue;
    }
    const plan = scenario.results[scenario.jobs[id]?.result ?? -1];
    const partitions = Array.from({ length: plan?.tasks ?? 0 }, (_, partition) => [partition, 1]);
    expect(
      [...job.partitions].sort((a, b) => a[0] - b[0]),
      `job ${id}`,
    ).toEqual(partitions);
    expect(job.data, `job ${id}`).not.toBe('mixed');
  }
  expect(result.openTaskSets).toEqual([]);
}

describe('a random cluster', () => {
  const numRuns = Number(process.env.KILN_SIMULATIONS ?? 300);

  test('where nothing goes wrong every job succeeds', () => {
    return fc.assert(
      fc.property(scenarios(false), (scenario) => {
        const result = simulate(scenario);
        check(scenario, result);
        for (const job of result.jobs.values()) expect(job.code).toBeNull();
      }),
      { numRuns },
    );
  });

  test('that loses executors and blocks and fails tasks ends every job and loses no partition', () => {
    return fc.assert(
      fc.property(scenarios(true), (scenario) => check(scenario, simulate(scenario))),
      { numRuns },
    );
  });

  test('does the same again for the same events', () => {
    return fc.assert(
      fc.property(scenarios(true), (scenario) => {
        expect(simulate(scenario).log).toEqual(simulate(scenario).log);
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    );
  });
});
