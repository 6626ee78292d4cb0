import type { ExecutorId } from '@kiln/base';
import type { ExecutorReport, PlacedExecutor } from '../../shared/reports.ts';
import type { MasterContext } from './context.ts';
import { provenMillis } from './options.ts';
import { type ApplicationState, type ExecutorState, placed, type WorkerState } from './state.ts';

/** How an executor ended. */
export interface ExecutorEnd {
  readonly outcome: 'ended' | 'failed';
  readonly reason: string;
  readonly causedByApp: boolean;
}

/** The only code that adds and removes executors: the books of worker and application change together. */
export class Executors {
  readonly #context: MasterContext;

  constructor(context: MasterContext) {
    this.#context = context;
  }

  launch(application: ApplicationState, worker: WorkerState, cores: number): void {
    const id = String(application.nextExecutorId) as ExecutorId;
    application.nextExecutorId += 1;
    const resources = { cores, memoryBytes: application.wants.memoryBytes };
    const executor = { executorId: id, workerId: worker.id, host: worker.host, resources };
    this.#add(application, { ...executor, phase: 'launching', adopted: false });
    this.#context.do({
      type: 'launch-executor',
      workerId: worker.id,
      applicationId: application.id,
      executorId: id,
      resources,
    });
  }

  /** An executor that this master did not start: it runs on a worker, or an application says that it has it. */
  adopt(application: ApplicationState, executor: PlacedExecutor, phase: 'running' | 'unconfirmed'): ExecutorState {
    const next = Number(executor.executorId) + 1;
    if (next > application.nextExecutorId) application.nextExecutorId = next;
    return this.#add(application, { ...executor, phase, adopted: true });
  }

  running(application: ApplicationState, executor: ExecutorState): void {
    if (executor.phase !== 'running') {
      executor.phase = 'running';
      executor.since = this.#context.now;
    }
    this.#context.tell(application, { type: 'granted', executor: placed(executor) });
  }

  /** Its application hears of it; failures in a row are counted. */
  exited(executor: ExecutorState, end: ExecutorEnd): void {
    const application = this.#remove(executor);
    // An orphan, or a stray that was never in its books.
    if (application === undefined) return;
    this.#context.tell(application, {
      type: 'exited',
      executorId: executor.id,
      reason: end.reason,
      causedByApp: end.causedByApp,
    });
    if (end.outcome === 'ended') return;
    const proven = executor.phase === 'running' && this.#context.now - executor.since >= provenMillis;
    application.failures = proven ? 1 : application.failures + 1;
    const before = proven ? 0 : (application.failuresByWorker.get(executor.workerId) ?? 0);
    application.failuresByWorker.set(executor.workerId, before + 1);
    this.#context.note(
      `application ${application.id}: executor ${executor.id} on ${executor.host} failed: ${end.reason}`,
      'warn',
    );
  }

  /** Forgets it without a word: it was never started. */
  drop(executor: ExecutorState): void {
    this.#remove(executor);
  }

  /** Its application is over: it is its worker's alone, until it has ended. */
  orphan(executor: ExecutorState): void {
    this.end(executor, 'its application has ended');
    executor.phase = 'ending';
  }

  end(executor: ExecutorState, reason: string): void {
    const { applicationId, id, workerId } = executor;
    this.#context.do({ type: 'end-executor', workerId, applicationId, executorId: id, reason });
  }

  /** Ends an executor that is in no books; until it is gone it takes its room. */
  endStray(worker: WorkerState, { applicationId, executorId, resources }: ExecutorReport, reason: string): void {
    const { id: workerId, host } = worker;
    const since = this.#context.now;
    const stray: ExecutorState = {
      ...{ applicationId, id: executorId, workerId, host, resources },
      ...{ phase: 'ending', since, adopted: true },
    };
    worker.addExecutor(stray);
    this.end(stray, reason);
  }

  #add(
    application: ApplicationState,
    executor: PlacedExecutor & Pick<ExecutorState, 'phase' | 'adopted'>,
  ): ExecutorState {
    const { executorId, ...rest } = executor;
    const state: ExecutorState = { ...rest, id: executorId, applicationId: application.id, since: this.#context.now };
    application.executors.set(state.id, state);
    application.workers.add(state.workerId);
    this.#context.workers.get(state.workerId)?.addExecutor(state);
    this.#context.dirty = true;
    return state;
  }

  #remove(executor: ExecutorState): ApplicationState | undefined {
    const application = this.#context.applications.get(executor.applicationId);
    const isKnown = application?.executors.get(executor.id) === executor;
    if (isKnown) application.executors.delete(executor.id);
    this.#context.workers.get(executor.workerId)?.removeExecutor(executor);
    this.#context.dirty = true;
    return isKnown ? application : undefined;
  }
}
