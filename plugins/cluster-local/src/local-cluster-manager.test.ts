import type { ClusterEvent } from '@kiln/contracts/cluster-manager';
import { describe, expect, it } from 'vitest';
import { LocalClusterManager } from './local-cluster-manager.ts';
import { parseLocalMaster } from './master-url.ts';

const machine = { cores: 8, memoryBytes: 1 << 30 };

describe('parseLocalMaster', () => {
  it.each([
    ['local', 1, 1],
    ['local[4]', 4, 1],
    ['local[*]', 8, 1],
    ['local[ 2 , 3 ]', 2, 3],
  ])('%s', (master, slots, maxTaskFailures) => {
    expect(parseLocalMaster(master, 8)).toEqual({ slots, maxTaskFailures });
  });

  it.each(['local[0]', 'local[]', 'local[2', 'local[2,0]', 'locale'])('refuses %s and says what to write', (master) => {
    expect(() => parseLocalMaster(master, 8)).toThrow(/is not a local master/);
  });
});

describe('LocalClusterManager', () => {
  it('grants one executor, once, and reports its exit', async () => {
    const manager = new LocalClusterManager({ master: 'local[3]', machine });
    const events: ClusterEvent[] = [];
    manager.onEvent((event) => events.push(event));
    await manager.requestTotal(manager.initialRequest);
    await manager.requestTotal(manager.initialRequest);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 'granted',
      executor: { placement: 'in-process', resources: { cores: 3 } },
    });
    await manager.stop();
    await manager.stop();
    expect(events.map((event) => event.type)).toEqual(['granted', 'exited']);
  });
});
