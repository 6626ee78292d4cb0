import type { ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { MasterContext } from './context.ts';
import type { Drivers } from './drivers.ts';
import type { Executors } from './executors.ts';
import { placeDriver, placeExecutors, type Room } from './placement.ts';
import type { ApplicationState, WorkerState } from './state.ts';

/** Gives free resources away: to drivers in the order of submission, then to applications in the order in which they registered. */
export function schedule(context: MasterContext, executors: Executors, drivers: Drivers): void {
  if (context.recoveringUntil === 0) {
    scheduleDrivers(context, drivers);
    for (const application of context.applications.values())
      if (application.status === 'connected') scheduleExecutors(context, executors, application);
  }
  for (const application of context.applications.values()) {
    const { reason, queued } = whyWaiting(context, application);
    if (reason === application.waiting) continue;
    application.waiting = reason;
    context.tell(application, { type: 'waiting', reason, queued });
  }
}

function scheduleDrivers(context: MasterContext, drivers: Drivers): void {
  const { options, now } = context;
  let running = 0;
  for (const { state } of context.drivers.values()) if (state === 'running') running += 1;
  for (const driver of context.drivers.values()) {
    if (running >= options.maxDrivers) return;
    if (driver.state !== 'submitted' && !(driver.state === 'relaunching' && now >= driver.notBefore)) continue;
    const rooms = alive(context).map((worker) => roomOf(worker, null));
    const { resources } = driver.description;
    const workerId = placeDriver(resources, rooms, options.spreadOutDrivers, context.lastDriverWorker);
    const worker = workerId === undefined ? undefined : context.workers.get(workerId);
    if (worker === undefined) {
      driver.message = `waits for a worker with ${describe(resources)} free`;
      continue;
    }
    driver.message = null;
    context.lastDriverWorker = worker.id;
    drivers.launch(driver, worker);
    running += 1;
  }
}

function scheduleExecutors(context: MasterContext, executors: Executors, application: ApplicationState): void {
  const { wants } = application;
  const wanted = wants.total - application.executors.size;
  const cores = application.maxCores - application.cores;
  if (wanted <= 0 || cores <= 0) return;
  const request = {
    executors: wanted,
    cores,
    coresPerExecutor: wants.cores,
    memoryPerExecutor: wants.memoryBytes,
    spreadOut: context.options.spreadOutApps,
  };
  const rooms = alive(context).map((worker) => roomOf(worker, application));
  for (const { workerId, cores } of placeExecutors(request, rooms)) {
    const worker = context.workers.get(workerId);
    if (worker !== undefined) executors.launch(application, worker, cores);
  }
}

interface Waiting {
  /** In words for its user; `null`: it has executors, or wants none. */
  readonly reason: string | null;
  readonly queued: boolean;
}

function whyWaiting(context: MasterContext, application: ApplicationState): Waiting {
  const { wants } = application;
  if (application.executors.size > 0 || wants.total <= 0) return { reason: null, queued: false };
  if (context.recoveringUntil > 0)
    return { reason: 'the master was restarted and waits for the workers it knew before', queued: true };
  const need = { cores: wants.cores ?? 1, memoryBytes: wants.memoryBytes };
  if (application.maxCores < need.cores) {
    const limit = `it may have ${application.maxCores} cores (spark.cores.max)`;
    return { reason: `${limit}, and each executor wants ${need.cores} (spark.executor.cores)`, queued: false };
  }
  const workers = alive(context);
  if (workers.length === 0) return { reason: 'no worker has registered with the master', queued: false };
  const count = `${workers.length} worker${workers.length === 1 ? '' : 's'}`;
  if (workers.some(({ resources }) => holds(resources, need)))
    return { reason: `all workers are busy: none of ${count} has ${describe(need)} free`, queued: true };
  const most = {
    cores: Math.max(...workers.map(({ resources }) => resources.cores)),
    memoryBytes: Math.max(...workers.map(({ resources }) => resources.memoryBytes)),
  };
  const fits = `an executor of ${describe(need)} fits on none of ${count}`;
  return { reason: `${fits}; the most a worker has: ${describe(most)}`, queued: false };
}

function alive(context: MasterContext): WorkerState[] {
  return [...context.workers.values()].filter(({ status }) => status === 'alive');
}

function roomOf(worker: WorkerState, application: ApplicationState | null): Room {
  return {
    workerId: worker.id,
    free: worker.free,
    failures: application?.failuresByWorker.get(worker.id) ?? 0,
    hint: application?.wants.placementHints[worker.host] ?? 0,
  };
}

const holds = (room: ExecutorResources, need: ExecutorResources): boolean =>
  room.cores >= need.cores && room.memoryBytes >= need.memoryBytes;

const describe = ({ cores, memoryBytes }: ExecutorResources): string =>
  `${cores} core${cores === 1 ? '' : 's'} and ${Math.floor(memoryBytes / 2 ** 20)} MiB`;
