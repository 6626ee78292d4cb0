import { type ExecutorId, executorId, TypedEmitter, type Unregister } from '@kiln/base';
import type { ClusterEvent, ClusterManager, ClusterManagerEnv, ExecutorRequest } from '@kiln/contracts/cluster-manager';
import { parseLocalMaster } from './master-url.ts';

/** `local[N]`: one executor of N slots inside the driver's process. */
export class LocalClusterManager implements ClusterManager {
  readonly initialRequest: ExecutorRequest;
  readonly maxTaskFailures: number;
  readonly #events = new TypedEmitter<{ event: ClusterEvent }>();
  readonly #id = executorId('driver');
  #running = false;

  constructor(env: Pick<ClusterManagerEnv, 'master' | 'machine'>) {
    const { slots, maxTaskFailures } = parseLocalMaster(env.master, env.machine.cores);
    this.maxTaskFailures = maxTaskFailures;
    this.initialRequest = {
      total: 1,
      resources: { cores: slots, memoryBytes: env.machine.memoryBytes },
      placementHints: {},
    };
  }

  async requestTotal(request: ExecutorRequest): Promise<void> {
    if (this.#running || request.total < 1) return;
    this.#running = true;
    this.#events.emit('event', {
      type: 'granted',
      executor: { executorId: this.#id, host: 'localhost', resources: request.resources, placement: 'in-process' },
    });
  }

  async release(executors: readonly ExecutorId[]): Promise<void> {
    if (executors.includes(this.#id)) this.#exit('released');
  }

  onEvent(listener: (event: ClusterEvent) => void): Unregister {
    return this.#events.on('event', listener);
  }

  async stop(): Promise<void> {
    this.#exit('stopped');
    this.#events.removeAll();
  }

  #exit(reason: string): void {
    if (!this.#running) return;
    this.#running = false;
    this.#events.emit('event', { type: 'exited', executorId: this.#id, reason, causedByApp: false, preempted: false });
  }
}
