import type { DriverId, ExecutorId, WorkerId } from '@kiln/base';
import type { DriverDescription, DriverState, ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { ApplicationOutcome, ExecutorWants, PlacedExecutor } from '../../shared/reports.ts';

/** An executor that takes resources. Those that ended are forgotten. */
export interface ExecutorState {
  readonly applicationId: string;
  readonly id: ExecutorId;
  readonly workerId: WorkerId;
  readonly host: string;
  readonly resources: ExecutorResources;
  /**
   * `launching`: the worker was told to start it; `running`: the worker says that its process runs; `unconfirmed`: the application has
   * it, but its worker has not come back to this master; `ending`: nobody wants it any more, and until its process is gone it takes its room.
   */
  phase: 'launching' | 'running' | 'unconfirmed' | 'ending';
  /** When it came into this phase. */
  since: number;
  /** Started by a predecessor: what its application does not know of it, it does not want. */
  readonly adopted: boolean;
}

/** A machine's worker and what it has given away. */
export class WorkerState {
  readonly id: WorkerId;
  host: string;
  resources: ExecutorResources;
  /** Only an `alive` one gets something new. It is lost at `deadline`; `unknown`: known from a predecessor only. */
  status: 'alive' | 'stopping' | 'disconnected' | 'unknown' = 'alive';
  deadline = 0;
  readonly executors = new Map<string, ExecutorState>();
  readonly drivers = new Map<DriverId, SubmittedDriver>();
  /** Attempts of drivers that were given up and have not ended yet. */
  readonly #strays = new Map<string, ExecutorResources>();
  #usedCores = 0;
  #usedBytes = 0;

  constructor(id: WorkerId, host: string, resources: ExecutorResources) {
    this.id = id;
    this.host = host;
    this.resources = resources;
  }

  get used(): ExecutorResources {
    return { cores: this.#usedCores, memoryBytes: this.#usedBytes };
  }

  get free(): ExecutorResources {
    return {
      cores: this.resources.cores - this.#usedCores,
      memoryBytes: this.resources.memoryBytes - this.#usedBytes,
    };
  }

  addExecutor(executor: ExecutorState): void {
    this.executors.set(executorKey(executor.applicationId, executor.id), executor);
    this.#use(executor.resources, 1);
  }

  removeExecutor(executor: ExecutorState): void {
    if (this.executors.delete(executorKey(executor.applicationId, executor.id))) this.#use(executor.resources, -1);
  }

  addDriver(driver: SubmittedDriver): void {
    this.drivers.set(driver.id, driver);
    this.#use(driver.description.resources, 1);
  }

  removeDriver(driver: SubmittedDriver): void {
    if (this.drivers.delete(driver.id)) this.#use(driver.description.resources, -1);
  }

  addStray(driverId: DriverId, attempt: number, resources: ExecutorResources): void {
    const key = `${driverId}/${attempt}`;
    if (this.#strays.has(key)) return;
    this.#strays.set(key, resources);
    this.#use(resources, 1);
  }

  removeStray(driverId: DriverId, attempt: number): void {
    this.#removeStray(`${driverId}/${attempt}`);
  }

  /** The worker has said what it runs: what follows adds strays anew. */
  removeStrays(): void {
    for (const key of [...this.#strays.keys()]) this.#removeStray(key);
  }

  #removeStray(key: string): void {
    const resources = this.#strays.get(key);
    if (resources === undefined) return;
    this.#strays.delete(key);
    this.#use(resources, -1);
  }

  #use({ cores, memoryBytes }: ExecutorResources, sign: 1 | -1): void {
    this.#usedCores += sign * cores;
    this.#usedBytes += sign * memoryBytes;
  }
}

export class ApplicationState {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly registeredAt: number;
  maxCores: number;
  wants: ExecutorWants;
  /** `unknown`: a worker or a predecessor speaks of it, but it has not registered; it ends at `deadline`, as a disconnected one does. */
  status: 'connected' | 'disconnected' | 'unknown';
  deadline = 0;
  nextExecutorId = 0;
  /** Executors that failed in a row. */
  failures = 0;
  /** Workers where its executors failed: others go first. */
  readonly failuresByWorker = new Map<WorkerId, number>();
  /** Workers that hold files of it. */
  readonly workers = new Set<WorkerId>();
  readonly executors = new Map<ExecutorId, ExecutorState>();
  /** What it was told last of why it waits. */
  waiting: string | null = null;

  constructor(id: string, name: string, user: string, registeredAt: number, maxCores: number, wants: ExecutorWants) {
    this.id = id;
    this.name = name;
    this.user = user;
    this.registeredAt = registeredAt;
    this.maxCores = maxCores;
    this.wants = wants;
    this.status = 'unknown';
  }

  get cores(): number {
    let cores = 0;
    for (const executor of this.executors.values()) cores += executor.resources.cores;
    return cores;
  }
}

/** An application that is over, for the status. */
export interface EndedApplication {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly registeredAt: number;
  readonly endedAt: number;
  readonly memoryBytesPerExecutor: number;
  readonly outcome: ApplicationOutcome;
  readonly reason: string;
}

export interface SubmittedDriver {
  readonly id: DriverId;
  readonly description: DriverDescription;
  readonly submittedAt: number;
  state: DriverState;
  /** Attempts that were started. */
  attempt: number;
  /** Where it runs; `null` when it does not. */
  workerId: WorkerId | null;
  /** Host of its last attempt. */
  host: string | null;
  /** When its last attempt was started. */
  startedAt: number;
  /** `relaunching`: not before. */
  notBefore: number;
  /** Relaunches in a row that did not last. */
  relaunches: number;
  killed: boolean;
  message: string | null;
}

export const isOver = ({ state }: { readonly state: DriverState }): boolean =>
  state === 'finished' || state === 'failed' || state === 'killed' || state === 'error';

export const executorKey = (applicationId: string, id: ExecutorId): string => `${applicationId}/${id}`;

export const placed = ({ id, workerId, host, resources }: ExecutorState): PlacedExecutor => ({
  executorId: id,
  workerId,
  host,
  resources,
});
