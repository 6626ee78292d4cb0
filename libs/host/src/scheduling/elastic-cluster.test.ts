import { type ExecutorId, executorId, Settings, stageId } from '@kiln/base';
import type { ClusterManager } from '@kiln/contracts/cluster-manager';
import type { Logger } from '@kiln/contracts/plugin';
import { VirtualClock } from '@kiln/testing';
import { expect, it } from 'vitest';
import { DefaultListenerBus } from '../driver/listener-bus.ts';
import { ElasticCluster } from './elastic-cluster.ts';

const nothing = () => {};
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const a = executorId('a');

function setUp(conf: Readonly<Record<string, string>>) {
  const released: ExecutorId[] = [];
  const reasons: string[] = [];
  const cluster: ClusterManager = {
    initialRequest: { total: 4, resources: { cores: 2, memoryBytes: 1 }, placementHints: {} },
    maxTaskFailures: null,
    requestTotal: async () => {},
    release: async (executors) => void released.push(...executors),
    onEvent: () => nothing,
    stop: async () => {},
  };
  const elastic = new ElasticCluster({
    cluster,
    settings: Settings.from(conf).settings,
    bus: new DefaultListenerBus(logger, []),
    clock: new VirtualClock(0),
    logger,
    decommission: async (id, reason) => void reasons.push(`${id}: ${reason}`),
  });
  return { elastic, released, reasons };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('without dynamic allocation the cluster manager says how many', () => {
  expect(setUp({}).elastic.initialRequest.total).toBe(4);
});

it('with it the settings do, and contradictions are errors', () => {
  const on = { 'spark.dynamicAllocation.enabled': 'true' };
  expect(setUp({ ...on, 'spark.dynamicAllocation.minExecutors': '1' }).elastic.initialRequest.total).toBe(1);
  expect(() => setUp({ ...on, 'spark.dynamicAllocation.shuffleTracking.enabled': 'false' })).toThrow('still needed');
});

it('an idle executor that is excluded makes room for another one, after it left in an orderly way', async () => {
  const { elastic, released, reasons } = setUp({});
  elastic.wanted(stageId(0), 0, null);
  elastic.wanted(stageId(0), 0, a);
  await settled();
  expect(released).toEqual(['a']);
  expect(reasons).toEqual(['a: failures exclude it from all tasks that wait']);
});

it('excluded executors are ended only when that is set', async () => {
  for (const [value, ended] of [
    ['false', []],
    ['true', ['a']],
  ] as const) {
    const { elastic, released } = setUp({ 'spark.excludeOnFailure.killExcludedExecutors': value });
    elastic.excluded([a]);
    await settled();
    expect(released).toEqual(ended);
  }
});
