import type { DriverId, WorkerId } from '@kiln/base';
import type { DriverDescription } from '@kiln/contracts/cluster-manager';
import type { DriverReport } from '../../shared/reports.ts';
import type { MasterContext } from './context.ts';
import { firstRelaunchMillis, lastRelaunchMillis, provenMillis } from './options.ts';
import { isOver, type SubmittedDriver, type WorkerState } from './state.ts';

/** Drivers that run on the cluster. What is said of an earlier attempt, or by a worker that lost the driver, counts no more. */
export class Drivers {
  readonly #context: MasterContext;

  constructor(context: MasterContext) {
    this.#context = context;
  }

  submitted(id: DriverId, description: DriverDescription): void {
    if (this.#context.drivers.has(id)) return;
    this.#context.drivers.set(id, newDriver(id, description, this.#context.now));
    this.#context.note(`driver ${id} (${description.name}) submitted`);
    this.#context.persist();
    this.#context.dirty = true;
  }

  launch(driver: SubmittedDriver, worker: WorkerState): void {
    driver.state = 'running';
    driver.attempt += 1;
    driver.workerId = worker.id;
    driver.host = worker.host;
    driver.startedAt = this.#context.now;
    worker.addDriver(driver);
    const { id, attempt, description } = driver;
    this.#context.do({ type: 'launch-driver', workerId: worker.id, driverId: id, attempt, description });
    this.#context.persist();
  }

  kill(id: DriverId): void {
    const driver = this.#context.drivers.get(id);
    if (driver === undefined || isOver(driver)) return;
    driver.killed = true;
    if (driver.workerId === null) this.#over(driver, 'killed', 'killed before it ran');
    else this.#end(driver.workerId, id, driver.attempt, 'killed on request');
    this.#context.persist();
  }

  changed(workerId: WorkerId, report: DriverReport): void {
    const worker = this.#context.workers.get(workerId);
    if (worker === undefined) return;
    const driver = this.#context.drivers.get(report.driverId);
    if (driver === undefined) return this.#adopt(worker, report);
    if (driver.workerId !== workerId || driver.attempt !== report.attempt) return this.#stray(worker, report);
    if (report.state.type === 'exited') this.#exited(driver, report.state.outcome, report.state.message);
    else if (driver.killed) this.#end(workerId, driver.id, driver.attempt, 'killed on request');
  }

  /** What a worker that registers runs, against the books. */
  compare(worker: WorkerState, reports: readonly DriverReport[]): void {
    const reported = new Set(reports.map(({ driverId }) => driverId));
    worker.removeStrays();
    for (const driver of [...worker.drivers.values()])
      if (!reported.has(driver.id)) this.lost(driver, `it is not on its worker ${worker.id} any more`);
    for (const report of reports) this.changed(worker.id, report);
  }

  /** Its machine is gone. */
  lost(driver: SubmittedDriver, reason: string): void {
    this.#leave(driver);
    if (driver.killed) this.#over(driver, 'killed', reason);
    else if (driver.description.supervise) this.#relaunch(driver, reason, 0);
    else this.#over(driver, 'error', reason);
  }

  tick(): void {
    for (const driver of this.#context.drivers.values())
      if (driver.state === 'relaunching' && this.#context.now >= driver.notBefore) this.#context.dirty = true;
  }

  #exited(driver: SubmittedDriver, outcome: 'finished' | 'failed' | 'error', message: string | null): void {
    this.#leave(driver);
    if (driver.killed) return this.#over(driver, 'killed', 'killed on request');
    if (outcome === 'finished' || !driver.description.supervise) return this.#over(driver, outcome, message);
    if (this.#context.now - driver.startedAt >= provenMillis) driver.relaunches = 0;
    const wait = Math.min(firstRelaunchMillis * 2 ** driver.relaunches, lastRelaunchMillis);
    driver.relaunches += 1;
    this.#relaunch(driver, message, wait);
  }

  #relaunch(driver: SubmittedDriver, message: string | null, waitMillis: number): void {
    driver.state = 'relaunching';
    driver.message = message;
    driver.notBefore = this.#context.now + waitMillis;
    this.#context.note(`driver ${driver.id} will be started again: ${message ?? 'it failed'}`, 'warn');
    this.#context.persist();
    this.#context.dirty = true;
  }

  #over(driver: SubmittedDriver, state: 'finished' | 'failed' | 'killed' | 'error', message: string | null): void {
    driver.state = state;
    driver.message = message;
    this.#context.note(`driver ${driver.id} ${state}${message === null ? '' : `: ${message}`}`);
    const over = [...this.#context.drivers.values()].filter(isOver);
    for (const { id } of over.slice(0, Math.max(0, over.length - this.#context.options.retainedDrivers)))
      this.#context.drivers.delete(id);
    this.#context.persist();
    this.#context.dirty = true;
  }

  #leave(driver: SubmittedDriver): void {
    if (driver.workerId !== null) this.#context.workers.get(driver.workerId)?.removeDriver(driver);
    driver.workerId = null;
    this.#context.dirty = true;
  }

  /** A driver that a master without a state on disk knows nothing of. */
  #adopt(worker: WorkerState, { driverId, attempt, description, state }: DriverReport): void {
    const driver = newDriver(driverId, description, this.#context.now);
    driver.state = 'running';
    driver.attempt = attempt;
    driver.workerId = worker.id;
    driver.host = worker.host;
    driver.startedAt = this.#context.now;
    this.#context.drivers.set(driverId, driver);
    worker.addDriver(driver);
    this.#context.persist();
    if (state.type === 'exited') this.#exited(driver, state.outcome, state.message);
  }

  /** An attempt that was given up: until it is gone it takes its room. */
  #stray(worker: WorkerState, { driverId, attempt, description, state }: DriverReport): void {
    this.#context.dirty = true;
    if (state.type === 'exited') return worker.removeStray(driverId, attempt);
    worker.addStray(driverId, attempt, description.resources);
    this.#end(worker.id, driverId, attempt, 'it was given up, or runs elsewhere');
  }

  #end(workerId: WorkerId, driverId: DriverId, attempt: number, reason: string): void {
    this.#context.do({ type: 'end-driver', workerId, driverId, attempt, reason });
  }
}

function newDriver(id: DriverId, description: DriverDescription, now: number): SubmittedDriver {
  return {
    id,
    description,
    submittedAt: now,
    state: 'submitted',
    attempt: 0,
    workerId: null,
    host: null,
    startedAt: 0,
    notBefore: 0,
    relaunches: 0,
    killed: false,
    message: null,
  };
}
