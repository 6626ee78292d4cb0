import type { ClusterEvent, ClusterManager } from '@kiln/contracts/cluster-manager';
import { describe, expect, it } from 'vitest';

/** What every cluster manager must do. Call it in a vitest file: `describeClusterManager('nomad', () => new NomadClusterManager(env))`. */
export function describeClusterManager(name: string, create: () => ClusterManager): void {
  describe(`cluster manager ${name}`, () => {
    it('grants what it asks for at start, with distinct ids', async () => {
      const { manager, events } = watch(create());
      await manager.requestTotal(manager.initialRequest);
      await expect.poll(() => granted(events).length, { timeout: 60_000 }).toBe(manager.initialRequest.total);
      expect(new Set(granted(events)).size).toBe(manager.initialRequest.total);
      await manager.stop();
    });

    it('takes the same total twice as one request', async () => {
      const { manager, events } = watch(create());
      await manager.requestTotal(manager.initialRequest);
      await manager.requestTotal(manager.initialRequest);
      await expect.poll(() => granted(events).length, { timeout: 60_000 }).toBe(manager.initialRequest.total);
      await manager.stop();
    });

    it('reports the exit of what was released, as not caused by the application', async () => {
      const { manager, events } = watch(create());
      await manager.requestTotal(manager.initialRequest);
      await expect.poll(() => granted(events).length, { timeout: 60_000 }).toBeGreaterThan(0);
      const [first] = granted(events);
      if (first === undefined) throw new Error('nothing was granted');
      await manager.release([first]);
      await expect
        .poll(
          () =>
            events.filter((event) => event.type === 'exited' && event.executorId === first && !event.causedByApp)
              .length,
          { timeout: 60_000 },
        )
        .toBe(1);
      await manager.stop();
    });

    it('can be stopped twice', async () => {
      const manager = create();
      await manager.stop();
      await manager.stop();
    });
  });
}

function watch(manager: ClusterManager): { manager: ClusterManager; events: ClusterEvent[] } {
  const events: ClusterEvent[] = [];
  manager.onEvent((event) => events.push(event));
  return { manager, events };
}

function granted(events: readonly ClusterEvent[]) {
  return events.flatMap((event) => (event.type === 'granted' ? [event.executor.executorId] : []));
}
