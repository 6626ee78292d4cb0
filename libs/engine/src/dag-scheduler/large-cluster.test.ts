import { describe, expect, test } from 'vitest';
import { LargeCluster, type LargeLoad } from './test-support/large-cluster.ts';

// 100,000 tasks: two-level aggregations, a join, a job without a shuffle.
const jobs: LargeLoad['jobs'] = [
  { '0:map': 20_000, '1:map<-0': 5_000, '2:result<-1': 1_000 },
  { '0:map': 15_000, '1:map': 15_000, '2:map<-0,1': 8_000, '3:result<-2': 2_000 },
  { '0:result': 14_000 },
  { '0:map': 18_000, '1:result<-0': 2_000 },
];
const tasks = jobs.flatMap((job) => Object.values(job)).reduce((sum, count) => sum + count, 0);
const base: LargeLoad = { seed: 1, executors: 1_000, slots: 4, jobs, losses: 0, failures: 0, conf: {} };
const patience = { timeout: 300_000 };

describe(`1,000 executors and ${tasks} tasks`, () => {
  test('where nothing goes wrong every task runs once', patience, () => {
    const result = new LargeCluster(base).run();
    expect(result.launches).toBe(100_000);
    for (const job of result.jobs.values()) expect(job.end).toBe('succeeded');
  });

  const speculation = { 'spark.speculation': 'true', 'spark.speculation.quantile': '0.75' };
  test.each<[string, Partial<LargeLoad>]>([
    ['FIFO', { seed: 2 }],
    ['FAIR pools', { seed: 3, conf: { 'spark.scheduler.mode': 'FAIR' } }],
    ['second copies of slow tasks', { seed: 4, conf: speculation }],
    [
      'exclusion',
      { seed: 5, conf: { 'spark.excludeOnFailure.enabled': 'true', 'spark.excludeOnFailure.timeout': '5s' } },
    ],
  ])(
    '30 executors are lost, 2 tasks of 1,000 fail, every job succeeds and gives each partition once: %s',
    patience,
    (_, changes) => {
      // A stage may lose blocks again and again where so many executors go within seconds.
      const conf = { 'spark.stage.maxConsecutiveAttempts': '100', ...changes.conf };
      const load = { ...base, losses: 30, failures: 2, ...changes, conf };
      const result = new LargeCluster(load).run();
      for (const [id, job] of result.jobs) {
        expect(job.end, `job ${id}`).toBe('succeeded');
        expect(
          job.partitions.every((times) => times === 1),
          `job ${id}`,
        ).toBe(true);
      }
      expect(result.lostTasks).toBeGreaterThan(0);
      expect(result.fetchFailures).toBeGreaterThan(0);
      expect(result.launches).toBeGreaterThan(100_000);
      // Only what was lost is made again, not whole stages.
      expect(result.launches).toBeLessThan(125_000);
      if (changes.conf === speculation) expect(result.copies).toBeGreaterThan(0);
    },
  );

  test('the same events give the same steps', patience, () => {
    const small = { ...base, executors: 50, jobs: [{ '0:map': 2_000, '1:result<-0': 500 }], losses: 5, failures: 5 };
    expect(new LargeCluster(small).run()).toEqual(new LargeCluster(small).run());
  });
});
