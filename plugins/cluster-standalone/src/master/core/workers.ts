import type { WorkerId } from '@kiln/base';
import type { ExecutorReport, WorkerRegistration } from '../../shared/reports.ts';
import type { Applications } from './applications.ts';
import type { MasterContext } from './context.ts';
import type { Drivers } from './drivers.ts';
import type { Executors } from './executors.ts';
import { type ExecutorState, executorKey, WorkerState } from './state.ts';

/** Workers: they come, speak of what runs there, fall silent, and are lost. */
export class Workers {
  readonly #context: MasterContext;
  readonly #executors: Executors;
  readonly #applications: Applications;
  readonly #drivers: Drivers;

  constructor(context: MasterContext, executors: Executors, applications: Applications, drivers: Drivers) {
    this.#context = context;
    this.#executors = executors;
    this.#applications = applications;
    this.#drivers = drivers;
  }

  registered(registration: WorkerRegistration): void {
    const { workers } = this.#context;
    for (const id of registration.replaces) this.lost(id, 'another worker took its place');
    const worker =
      workers.get(registration.id) ?? new WorkerState(registration.id, registration.host, registration.resources);
    if (!workers.has(worker.id)) {
      workers.set(worker.id, worker);
      this.#attach(worker);
    }
    worker.host = registration.host;
    worker.resources = registration.resources;
    worker.status = 'alive';
    this.heartbeat(worker.id);
    this.#compare(worker, registration);
    const { cores, memoryBytes } = worker.resources;
    const gives = `${cores} core${cores === 1 ? '' : 's'}, ${Math.floor(memoryBytes / 2 ** 20)} MiB`;
    this.#context.note(`worker ${worker.id} registered: ${gives}`);
    this.#context.persist();
    this.#context.dirty = true;
  }

  stopping(id: WorkerId): void {
    const worker = this.#context.workers.get(id);
    if (worker?.status !== 'alive') return;
    worker.status = 'stopping';
    this.#context.note(`worker ${id} is stopping`);
  }

  heartbeat(id: WorkerId): void {
    const worker = this.#context.workers.get(id);
    if (worker?.status === 'alive' || worker?.status === 'stopping')
      worker.deadline = this.#context.now + this.#context.options.workerTimeoutMillis;
  }

  disconnected(id: WorkerId): void {
    const worker = this.#context.workers.get(id);
    if (worker?.status !== 'alive' && worker?.status !== 'stopping') return;
    worker.status = 'disconnected';
    worker.deadline = Math.min(worker.deadline, this.#context.now + this.#context.options.workerReconnectMillis);
    this.#context.note(`worker ${id} has lost its connection`, 'warn');
    this.#context.dirty = true;
  }

  lost(id: WorkerId, why: string): void {
    const worker = this.#context.workers.get(id);
    if (worker === undefined) return;
    this.#context.workers.delete(id);
    this.#context.note(`worker ${id} is lost: ${why}`, 'warn');
    const reason = `its worker ${id} on ${worker.host} is lost: ${why}`;
    for (const executor of [...worker.executors.values()])
      this.#executors.exited(executor, { outcome: 'ended', reason, causedByApp: false });
    for (const driver of [...worker.drivers.values()]) this.#drivers.lost(driver, reason);
    for (const { failuresByWorker, workers } of this.#context.applications.values()) {
      failuresByWorker.delete(id);
      workers.delete(id);
    }
    this.#context.do({ type: 'disconnect-worker', workerId: id });
    this.#context.persist();
    this.#context.dirty = true;
  }

  tick(): void {
    const { workers, now, options } = this.#context;
    for (const worker of [...workers.values()]) {
      if (now < worker.deadline) continue;
      this.lost(
        worker.id,
        worker.status === 'alive' || worker.status === 'stopping'
          ? `no heartbeat for ${options.workerTimeoutMillis / 1000} s`
          : worker.status === 'disconnected'
            ? 'its connection broke and it did not come back'
            : 'it did not come back after the master was restarted',
      );
    }
  }

  executorChanged(id: WorkerId, report: ExecutorReport): void {
    const worker = this.#context.workers.get(id);
    if (worker === undefined) return;
    const executor = worker.executors.get(executorKey(report.applicationId, report.executorId));
    if (executor === undefined) {
      if (report.state.type === 'running') this.#stray(worker, report);
      return;
    }
    const application = this.#context.applications.get(report.applicationId);
    if (report.state.type === 'exited') {
      const { phase } = executor;
      this.#executors.exited(executor, report.state);
      if (phase !== 'ending' && application !== undefined && report.state.outcome === 'failed')
        this.#applications.endIfHopeless(application, report.state.reason);
    } else if (executor.phase === 'ending') {
      this.#executors.end(executor, 'its application has ended');
    } else if (application !== undefined) {
      this.#executors.running(application, executor.phase === 'unconfirmed' ? this.#confirm(worker, report) : executor);
    }
  }

  /** Executors that applications spoke of before their worker came. */
  #attach(worker: WorkerState): void {
    for (const application of this.#context.applications.values())
      for (const executor of application.executors.values())
        if (executor.workerId === worker.id) worker.addExecutor(executor);
  }

  #compare(worker: WorkerState, { executors, drivers }: WorkerRegistration): void {
    const reported = new Set(executors.map((report) => executorKey(report.applicationId, report.executorId)));
    for (const [key, executor] of [...worker.executors])
      if (!reported.has(key))
        this.#executors.exited(executor, {
          outcome: 'ended',
          reason: `it is not on its worker ${worker.id} any more`,
          causedByApp: false,
        });
    for (const report of executors) this.executorChanged(worker.id, report);
    this.#drivers.compare(worker, drivers);
  }

  /** What its worker says of it goes before what its application said. */
  #confirm(worker: WorkerState, { applicationId, executorId, resources }: ExecutorReport): ExecutorState {
    const application = this.#context.applications.get(applicationId) ?? this.#applications.expected(applicationId);
    const claimed = application.executors.get(executorId);
    if (claimed !== undefined) this.#executors.drop(claimed);
    const executor = { executorId, workerId: worker.id, host: worker.host, resources };
    return this.#executors.adopt(application, executor, 'unconfirmed');
  }

  /** An executor in no books: one that was given up, or one that a predecessor started. */
  #stray(worker: WorkerState, report: ExecutorReport): void {
    const { applicationId, executorId, resources } = report;
    const application = this.#context.applications.get(applicationId);
    const isOver = this.#context.ended.some(({ id }) => id === applicationId);
    if (isOver || (application !== undefined && application.status !== 'unknown')) {
      this.#executors.endStray(worker, report, 'its application does not know it any more');
      return;
    }
    this.#executors.adopt(
      application ?? this.#applications.expected(applicationId),
      { executorId, workerId: worker.id, host: worker.host, resources },
      'running',
    );
  }
}
