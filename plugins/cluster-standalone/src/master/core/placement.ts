import type { WorkerId } from '@kiln/base';
import type { ExecutorResources } from '@kiln/contracts/cluster-manager';

/** A worker as placement sees it. */
export interface Room {
  readonly workerId: WorkerId;
  readonly free: ExecutorResources;
  /** Failures of the application there: fewer go first. */
  readonly failures: number;
  /** Tasks that would like its host: more go first among equals. */
  readonly hint: number;
}

export interface PlacementRequest {
  /** Executors that may still be placed. */
  readonly executors: number;
  /** Cores that the application may still get. */
  readonly cores: number;
  /** Cores of an executor; `null`: as many as a worker gives, one executor a worker. */
  readonly coresPerExecutor: number | null;
  readonly memoryPerExecutor: number;
  /** Round the workers, or fill one before the next. */
  readonly spreadOut: boolean;
}

export interface Placement {
  readonly workerId: WorkerId;
  readonly cores: number;
}

interface Assigned {
  readonly room: Room;
  cores: number;
  executors: number;
}

/**
 * Spark's rule (Master.scheduleExecutorsOnWorkers): workers with the most free cores first; spread out, they get an executor (or a core, where
 * one executor takes all cores of a worker) each in turn; else the first is filled before the next. Cores that are left over when they are
 * fewer than an executor needs are not given.
 */
export function placeExecutors(request: PlacementRequest, rooms: readonly Room[]): readonly Placement[] {
  const step = request.coresPerExecutor ?? 1;
  const assigned = rooms
    .filter((room) => room.free.cores >= step && room.free.memoryBytes >= request.memoryPerExecutor)
    .sort((a, b) => a.failures - b.failures || b.hint - a.hint || b.free.cores - a.free.cores)
    .map((room): Assigned => ({ room, cores: 0, executors: 0 }));
  let cores = request.cores;
  let executors = request.executors;
  const takes = (one: Assigned): boolean => {
    const grows = request.coresPerExecutor === null && one.executors === 1;
    return (
      cores >= step &&
      one.room.free.cores - one.cores >= step &&
      (grows || (executors > 0 && one.room.free.memoryBytes >= (one.executors + 1) * request.memoryPerExecutor))
    );
  };
  const give = (one: Assigned): void => {
    cores -= step;
    one.cores += step;
    if (request.coresPerExecutor !== null || one.executors === 0) {
      executors -= 1;
      one.executors += 1;
    }
  };
  let open = assigned.filter(takes);
  while (open.length > 0) {
    for (const one of open) {
      while (takes(one)) {
        give(one);
        if (request.spreadOut) break;
      }
    }
    open = open.filter(takes);
  }
  return assigned.flatMap((one) =>
    Array.from({ length: one.executors }, () => ({ workerId: one.room.workerId, cores: one.cores / one.executors })),
  );
}

/** Where a driver goes, `undefined` if nowhere; `after` the worker that got the last one when they are spread out. */
export function placeDriver(
  need: ExecutorResources,
  rooms: readonly Room[],
  spreadOut: boolean,
  after: WorkerId | null,
): WorkerId | undefined {
  const last = spreadOut ? rooms.findIndex((room) => room.workerId === after) : -1;
  const turn = [...rooms.slice(last + 1), ...rooms.slice(0, last + 1)];
  return turn.find(({ free }) => free.cores >= need.cores && free.memoryBytes >= need.memoryBytes)?.workerId;
}
