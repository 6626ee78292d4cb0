import { type DriverId, executorId, type WorkerId, workerId } from '@kiln/base';
import { expect, test } from 'vitest';
import type { DriverReport, ExecutorReport } from '../../shared/reports.ts';
import type { MasterAction } from './events.ts';
import { isOver } from './state.ts';
import { description, MiB, registration, ScriptedMaster } from './test-support/scripted-master.ts';

/** A small generator with a seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

interface SimulatedWorker {
  readonly cores: number;
  readonly memory: number;
  isConnected: boolean;
  readonly executors: Map<string, ExecutorReport>;
  readonly drivers: Map<DriverId, DriverReport>;
}

interface SimulatedApplication {
  readonly maxCores: number | null;
  total: number;
  isConnected: boolean;
  ended: boolean;
  /** Executor -> worker, as the driver knows it. */
  readonly executors: Map<string, WorkerId>;
  nextExecutorId: number;
}

/** Workers and applications that do what the master says, sometimes late or never, against a core that knows nothing of it. */
class Simulation {
  readonly master = new ScriptedMaster({ recoveryTimeoutMillis: 20_000, workerTimeoutMillis: 30_000 });
  readonly workers = new Map<WorkerId, SimulatedWorker>();
  readonly applications = new Map<string, SimulatedApplication>();
  readonly #next: (below: number) => number;
  readonly #pending: (() => void)[] = [];
  #ids = 0;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#act();
      this.check();
    }
  }

  /** Everybody is back, and stays: all that can run runs. */
  settle(): void {
    for (const id of this.workers.keys()) this.#connectWorker(id);
    for (const id of this.applications.keys()) this.#connectApplication(id);
    for (let second = 0; second < 100; second++) {
      this.master.now += 1_000;
      for (const id of this.workers.keys()) this.#step({ type: 'worker-heartbeat', workerId: id });
      this.#step({ type: 'tick' });
      this.#flush();
      this.check();
    }
  }

  check(): void {
    for (const { state, resources, used } of this.master.core.status().workers) {
      // Of one that is away, applications may say what is not true any more.
      if (state === 'unknown') continue;
      expect(used.cores).toBeGreaterThanOrEqual(0);
      expect(used.cores).toBeLessThanOrEqual(resources.cores);
      expect(used.memoryBytes).toBeGreaterThanOrEqual(0);
      expect(used.memoryBytes).toBeLessThanOrEqual(resources.memoryBytes);
    }
    for (const worker of this.workers.values()) {
      if (!worker.isConnected) continue;
      const cores = [...worker.executors.values()].reduce((sum, one) => sum + one.resources.cores, worker.drivers.size);
      // What is not wanted any more takes its room until it has ended: what runs never exceeds what there is either.
      expect(cores).toBeLessThanOrEqual(worker.cores);
    }
  }

  #act(): void {
    const some = <T>(map: ReadonlyMap<T, unknown>, act: (id: T) => void) => {
      const id = pick([...map.keys()], this.#next);
      if (id !== undefined) act(id);
    };
    const acts: (() => void)[] = [
      () => this.#newWorker(),
      () => this.#newApplication(),
      () => some(this.workers, (id) => this.#loseWorker(id)),
      () => some(this.workers, (id) => this.#dropWorker(id)),
      () => some(this.workers, (id) => this.#connectWorker(id)),
      () => some(this.workers, (id) => this.#connectWorker(id)),
      () => some(this.workers, (id) => this.#somethingExits(id)),
      () => some(this.applications, (id) => this.#endApplication(id)),
      () => some(this.applications, (id) => this.#dropApplication(id)),
      () => some(this.applications, (id) => this.#connectApplication(id)),
      () => some(this.applications, (id) => this.#want(id)),
      () => this.#submit(),
      () => this.#restart(),
      () => this.#passTime(),
    ];
    pick(acts, this.#next)?.();
  }

  #submit(): void {
    const driverId = `d${this.#ids++}` as DriverId;
    const supervise = this.#next(2) === 0;
    this.#step({ type: 'driver-submitted', driverId, description: description({ supervise }) });
  }

  #passTime(): void {
    this.master.now += this.#next(15_000);
    if (this.#next(2) === 0) this.#flush();
    for (const [id, { isConnected }] of this.workers)
      if (isConnected && this.#next(10) > 0) this.#step({ type: 'worker-heartbeat', workerId: id });
    this.#step({ type: 'tick' });
  }

  #step(event: Parameters<ScriptedMaster['core']['step']>[0]): void {
    for (const action of this.master.core.step(event, this.master.now)) this.#obey(action);
  }

  #obey(action: MasterAction): void {
    const worker = 'workerId' in action ? this.workers.get(action.workerId) : undefined;
    switch (action.type) {
      case 'launch-executor': {
        const { applicationId, executorId: id, resources } = action;
        const application = this.applications.get(applicationId);
        if (worker?.isConnected !== true || application?.isConnected !== true) {
          expect.unreachable('nothing is placed on a worker or for an application that is away');
        }
        application.executors.set(id, action.workerId);
        application.nextExecutorId = Number(id) + 1;
        const executor = { applicationId, executorId: id, resources, state: { type: 'running' } } as const;
        worker.executors.set(`${applicationId}/${id}`, executor);
        return this.#step({ type: 'executor-changed', workerId: action.workerId, executor });
      }
      case 'end-executor':
        return this.#later(() => this.#endExecutor(action.workerId, `${action.applicationId}/${action.executorId}`));
      case 'launch-driver': {
        const { driverId, attempt, description: what } = action;
        worker?.drivers.set(driverId, { driverId, attempt, description: what, state: { type: 'running' } });
        return;
      }
      case 'end-driver':
        return this.#later(() => this.#endDriver(action.workerId, action.driverId, action.attempt));
      case 'disconnect-worker':
        if (worker !== undefined) worker.isConnected = false;
        return;
      case 'tell-application':
        if (action.message.type === 'exited')
          this.applications.get(action.applicationId)?.executors.delete(action.message.executorId);
    }
  }

  /** Processes take their time to end. */
  #later(end: () => void): void {
    if (this.#next(2) === 0) end();
    else this.#pending.push(end);
  }

  #flush(): void {
    for (const end of this.#pending.splice(0)) end();
  }

  #endExecutor(id: WorkerId, key: string): void {
    const worker = this.workers.get(id);
    const running = worker?.isConnected === true ? worker.executors.get(key) : undefined;
    if (worker === undefined || running === undefined) return;
    worker.executors.delete(key);
    const state = { type: 'exited', outcome: 'ended', reason: 'asked to', causedByApp: false } as const;
    this.#step({ type: 'executor-changed', workerId: id, executor: { ...running, state } });
  }

  #endDriver(id: WorkerId, driver: DriverId, attempt: number): void {
    const worker = this.workers.get(id);
    const running = worker?.isConnected === true ? worker.drivers.get(driver) : undefined;
    if (worker === undefined || running?.attempt !== attempt) return;
    worker.drivers.delete(driver);
    const state = { type: 'exited', outcome: 'failed', message: null } as const;
    this.#step({ type: 'driver-changed', workerId: id, driver: { ...running, state } });
  }

  #newWorker(): void {
    if (this.workers.size >= 8) return;
    const id = workerId(`w${this.#ids++}`);
    const cores = 1 + this.#next(8);
    const memory = 512 * (1 + this.#next(16));
    this.workers.set(id, { cores, memory, isConnected: false, executors: new Map(), drivers: new Map() });
    this.#connectWorker(id);
  }

  #connectWorker(id: WorkerId): void {
    const worker = this.workers.get(id)!;
    if (worker.isConnected) return;
    worker.isConnected = true;
    const executors = [...worker.executors.values()];
    const drivers = [...worker.drivers.values()];
    const resources = { cores: worker.cores, memoryBytes: worker.memory * MiB };
    this.#step({
      type: 'worker-registered',
      worker: { id, host: `host-${id}`, resources, replaces: [], executors, drivers },
    });
  }

  #dropWorker(id: WorkerId): void {
    this.workers.get(id)!.isConnected = false;
    this.#step({ type: 'worker-disconnected', workerId: id });
  }

  /** The machine is gone, and nobody says so. */
  #loseWorker(id: WorkerId): void {
    this.workers.delete(id);
    this.#step({ type: 'worker-disconnected', workerId: id });
  }

  #newApplication(): void {
    if ([...this.applications.values()].filter(({ ended }) => !ended).length >= 6) return;
    const maxCores = this.#next(2) === 0 ? null : 1 + this.#next(10);
    this.applications.set(`a${this.#ids++}`, {
      maxCores,
      total: 1 + this.#next(12),
      isConnected: false,
      ended: false,
      executors: new Map(),
      nextExecutorId: 0,
    });
    this.#connectApplication(`a${this.#ids - 1}`);
  }

  #connectApplication(id: string): void {
    const application = this.applications.get(id)!;
    if (application.ended || application.isConnected) return;
    application.isConnected = true;
    const { total, maxCores, nextExecutorId } = application;
    const has = [...application.executors].map(([executor, worker]) => `${executor}@${worker}`);
    const script = registration(id, { total, maxCores, has, cores: 1, memory: 512 });
    this.#step({ type: 'application-registered', application: { ...script, nextExecutorId } });
  }

  #dropApplication(id: string): void {
    const application = this.applications.get(id)!;
    if (!application.isConnected) return;
    application.isConnected = false;
    this.#step({ type: 'application-disconnected', applicationId: id });
  }

  #endApplication(id: string): void {
    const application = this.applications.get(id)!;
    if (!application.isConnected) return;
    application.ended = true;
    application.isConnected = false;
    this.#step({ type: 'application-ended', applicationId: id, outcome: 'finished' });
  }

  #want(id: string): void {
    const application = this.applications.get(id)!;
    if (!application.isConnected) return;
    application.total = this.#next(12);
    const wants = registration(id, { total: application.total, memory: 512 }).wants;
    this.#step({ type: 'executors-wanted', applicationId: id, wants });
    const some = pick([...application.executors.keys()], this.#next);
    if (some !== undefined)
      this.#step({ type: 'executors-released', applicationId: id, executors: [executorId(some)] });
  }

  #somethingExits(id: WorkerId): void {
    const worker = this.workers.get(id)!;
    const key = pick([...worker.executors.keys()], this.#next);
    const executor = key === undefined ? undefined : worker.executors.get(key);
    if (key !== undefined && executor !== undefined) {
      worker.executors.delete(key);
      const state = { type: 'exited', outcome: 'failed', reason: 'exit code 1', causedByApp: true } as const;
      if (worker.isConnected) this.#step({ type: 'executor-changed', workerId: id, executor: { ...executor, state } });
    }
    const driver = pick([...worker.drivers.values()], this.#next);
    if (driver !== undefined && worker.isConnected) {
      worker.drivers.delete(driver.driverId);
      const state = { type: 'exited', outcome: this.#next(2) === 0 ? 'finished' : 'failed', message: null } as const;
      this.#step({ type: 'driver-changed', workerId: id, driver: { ...driver, state } });
    }
  }

  #restart(): void {
    if (this.#next(10) > 0) return;
    for (const worker of this.workers.values()) worker.isConnected = false;
    for (const application of this.applications.values()) application.isConnected = false;
    this.master.restart(this.#next(3) > 0);
  }
}

function pick<T>(list: readonly T[], next: (below: number) => number): T | undefined {
  return list.length === 0 ? undefined : list[next(list.length)];
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))('a cluster of chance, seed %i', (seed) => {
  const simulation = new Simulation(seed);
  simulation.run(400);
  simulation.settle();
  const { core } = simulation.master;
  const status = core.status();
  expect(status.state).toBe('alive');
  for (const [id, application] of simulation.applications) {
    const known = status.applications.find((one) => one.id === id && one.endedAt === null);
    if (application.ended || known === undefined) continue;
    // Driver, master and workers agree.
    const onWorkers = [...simulation.workers.values()].flatMap(({ executors }) => [...executors.values()]);
    expect(known.executors).toBe(application.executors.size);
    expect(onWorkers.filter(({ applicationId }) => applicationId === id)).toHaveLength(known.executors);
    expect(known.cores).toBeLessThanOrEqual(application.maxCores ?? Number.POSITIVE_INFINITY);
  }
  // No room is left while somebody waits for it.
  const free = status.workers.some(
    ({ resources, used }) => resources.cores > used.cores && resources.memoryBytes - used.memoryBytes >= 512 * MiB,
  );
  if (free) {
    expect(status.drivers.filter((driver) => driver.state === 'submitted')).toEqual([]);
    expect(status.applications.filter(({ state }) => state === 'waiting').map(({ message }) => message)).toEqual(
      status.applications.filter(({ state }) => state === 'waiting').map(() => null),
    );
  }
  for (const driver of status.drivers) if (isOver(driver)) expect(driver.state).not.toBe('running');
});
