import { join } from 'node:path';
import { Settings } from '@kiln/base';
import { expect, test } from 'vitest';
import { runTraces } from '../task-scheduler/test-support/traces.ts';
import { allocationOptions } from './allocation-options.ts';
import { allocationTraceHarness } from './test-support/allocation-trace.ts';

runTraces(join(import.meta.dirname, 'testdata'), allocationTraceHarness);

const optionsOf = (conf: Record<string, string>, cores = 1) => allocationOptions(Settings.from(conf).settings, cores);

test.each([
  [
    {},
    1,
    { minExecutors: 0, initialExecutors: 0, maxExecutors: 2_147_483_647, slotsPerExecutor: 1, tracksShuffles: true },
  ],
  [{ 'spark.dynamicAllocation.minExecutors': '2' }, 1, { initialExecutors: 2 }],
  [{ 'spark.dynamicAllocation.minExecutors': '2', 'spark.executor.instances': '5' }, 1, { initialExecutors: 5 }],
  [{ 'spark.task.cpus': '2' }, 5, { slotsPerExecutor: 2 }],
  [{ 'spark.dynamicAllocation.schedulerBacklogTimeout': '7s' }, 1, { sustainedBacklogMillis: 7_000 }],
  [{ 'spark.shuffle.service.enabled': 'true' }, 1, { tracksShuffles: false }],
])('%j', (conf, cores, options) => expect(optionsOf(conf as Record<string, string>, cores)).toMatchObject(options));

test.each([
  [{ 'spark.dynamicAllocation.minExecutors': '3', 'spark.dynamicAllocation.maxExecutors': '2' }, 'allows only 2'],
  [{ 'spark.executor.instances': '9', 'spark.dynamicAllocation.maxExecutors': '2' }, '9 at the start'],
  [{ 'spark.dynamicAllocation.shuffleTracking.enabled': 'false' }, 'shuffle outputs that are still needed'],
])('contradictions are errors: %j', (conf, message) => {
  expect(() => optionsOf(conf as Record<string, string>)).toThrow(message);
});
