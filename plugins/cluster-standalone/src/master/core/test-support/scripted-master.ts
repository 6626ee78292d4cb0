import { type DriverId, driverId, executorId, type WorkerId, workerId } from '@kiln/base';
import type { DriverDescription } from '@kiln/contracts/cluster-manager';
import type {
  ApplicationMessage,
  ApplicationRegistration,
  DriverReport,
  ExecutorReport,
  WorkerRegistration,
} from '../../../shared/reports.ts';
import type { MasterAction, MasterEvent } from '../events.ts';
import { MasterCore } from '../master-core.ts';
import type { MasterOptions } from '../options.ts';

export const MiB = 2 ** 20;

export const description = (overrides: Partial<DriverDescription> = {}): DriverDescription => ({
  name: 'job',
  application: { type: 'job-file', path: 'job.yaml', set: [] },
  conf: {},
  resources: { cores: 1, memoryBytes: 512 * MiB },
  supervise: false,
  files: [],
  ...overrides,
});

export interface ApplicationScript {
  readonly total?: number;
  readonly cores?: number | null;
  readonly memory?: number;
  readonly maxCores?: number | null;
  readonly hints?: Readonly<Record<string, number>>;
  /** `executor@worker` of one core and 1024 MiB. */
  readonly has?: readonly string[];
}

/** A core with words for events, and actions as lines of text. */
export class ScriptedMaster {
  core: MasterCore;
  now = 0;
  readonly #options: Partial<MasterOptions>;

  constructor(options: Partial<MasterOptions> = {}) {
    this.#options = options;
    this.core = new MasterCore(options);
  }

  step(event: MasterEvent): string[] {
    return this.core
      .step(event, this.now)
      .map(lineOf)
      .filter((line) => line !== undefined);
  }

  /** Time passes, and is noticed once a second. */
  after(millis: number): string[] {
    const lines: string[] = [];
    const end = this.now + millis;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 1000);
      lines.push(...this.step({ type: 'tick' }));
    }
    return lines;
  }

  /** The process is gone and another starts with what it left. */
  restart(withState: boolean): string[] {
    const snapshot = this.core.snapshot();
    this.core = new MasterCore(this.#options);
    return withState ? this.step({ type: 'recovered', snapshot }) : [];
  }

  worker(id: string, cores: number, memory = 8192, parts: Partial<WorkerRegistration> = {}): string[] {
    const worker = {
      id: workerId(id),
      host: `host-${id}`,
      resources: { cores, memoryBytes: memory * MiB },
      replaces: [],
      executors: [],
      drivers: [],
      ...parts,
    };
    return this.step({ type: 'worker-registered', worker });
  }

  application(id: string, script: ApplicationScript = {}): string[] {
    return this.step({ type: 'application-registered', application: registration(id, script) });
  }

  runs(worker: string, executor: string): string[] {
    return this.step({ type: 'executor-changed', workerId: workerId(worker), executor: report(executor) });
  }

  exits(worker: string, executor: string, state: 'ended' | 'failed' = 'failed', reason = 'exit code 1'): string[] {
    const exited = { type: 'exited', outcome: state, reason, causedByApp: state === 'failed' } as const;
    return this.step({
      type: 'executor-changed',
      workerId: workerId(worker),
      executor: { ...report(executor), state: exited },
    });
  }

  disconnectWorker = (id: string): string[] => this.step({ type: 'worker-disconnected', workerId: id as WorkerId });

  submit(id: string, overrides: Partial<DriverDescription> = {}): string[] {
    return this.step({ type: 'driver-submitted', driverId: driverId(id), description: description(overrides) });
  }

  driver(worker: string, id: string, attempt: number, outcome: 'finished' | 'failed' | 'error'): string[] {
    const driver = driverReport(id, attempt, { type: 'exited', outcome, message: 'exit code 1' });
    return this.step({ type: 'driver-changed', workerId: workerId(worker), driver });
  }

  state = (id: string): string | undefined => this.core.driverStatus(id as DriverId)?.state;
}

/** `app/0`, running with one core and 1024 MiB. */
export function report(executor: string): ExecutorReport {
  const [applicationId = '', id = ''] = executor.split('/');
  return {
    applicationId,
    executorId: executorId(id),
    resources: { cores: 1, memoryBytes: 1024 * MiB },
    state: { type: 'running' },
  };
}

export const driverReport = (
  id: string,
  attempt: number,
  state: DriverReport['state'] = { type: 'running' },
  overrides: Partial<DriverDescription> = {},
): DriverReport => ({ driverId: driverId(id), attempt, description: description(overrides), state });

export function registration(id: string, script: ApplicationScript): ApplicationRegistration {
  const { total = 2_147_483_647, cores = 1, memory = 1024, maxCores = null, hints = {}, has = [] } = script;
  const executors = has.map((text) => {
    const [executor = '', worker = ''] = text.split('@');
    return {
      executorId: executorId(executor),
      workerId: workerId(worker),
      host: `host-${worker}`,
      resources: { cores: 1, memoryBytes: 1024 * MiB },
    };
  });
  return {
    id,
    name: `name of ${id}`,
    user: 'me',
    maxCores,
    wants: { total, cores, memoryBytes: memory * MiB, placementHints: hints },
    executors,
    nextExecutorId: Math.max(0, ...executors.map(({ executorId }) => Number(executorId) + 1)),
  };
}

function lineOf(action: MasterAction): string | undefined {
  switch (action.type) {
    case 'persist':
    case 'note':
      return undefined;
    case 'launch-executor':
      return `${action.workerId}: launch ${action.applicationId}/${action.executorId}, ${action.resources.cores} cores`;
    case 'end-executor':
      return `${action.workerId}: end ${action.applicationId}/${action.executorId}`;
    case 'launch-driver':
      return `${action.workerId}: launch ${action.driverId}, attempt ${action.attempt}`;
    case 'end-driver':
      return `${action.workerId}: end ${action.driverId}, attempt ${action.attempt}`;
    case 'forget-application':
      return `${action.workerId}: forget ${action.applicationId}`;
    case 'disconnect-worker':
      return `${action.workerId}: disconnect`;
    case 'tell-application':
      return `${action.applicationId}: ${messageOf(action.message)}`;
  }
}

function messageOf(message: ApplicationMessage): string {
  switch (message.type) {
    case 'granted':
      return `granted ${message.executor.executorId} on ${message.executor.host}`;
    case 'exited':
      return `exited ${message.executorId}${message.causedByApp ? ' by its fault' : ''}: ${message.reason}`;
    case 'waiting':
      return `waiting: ${message.reason}`;
    case 'ended':
      return `ended ${message.outcome}: ${message.reason}`;
  }
}
