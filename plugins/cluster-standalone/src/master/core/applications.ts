import type { ExecutorId } from '@kiln/base';
import type { ApplicationOutcome, ApplicationRegistration, ExecutorWants } from '../../shared/reports.ts';
import type { MasterContext } from './context.ts';
import type { Executors } from './executors.ts';
import { ApplicationState } from './state.ts';

/** Applications, from their registration to their end. */
export class Applications {
  readonly #context: MasterContext;
  readonly #executors: Executors;

  constructor(context: MasterContext, executors: Executors) {
    this.#context = context;
    this.#executors = executors;
  }

  registered(registration: ApplicationRegistration): void {
    const { applications, ended, options, now } = this.#context;
    const { id, name, user, wants } = registration;
    const over = ended.findIndex((one) => one.id === id);
    if (over >= 0) ended.splice(over, 1);
    let application = applications.get(id);
    if (application === undefined || (application.status === 'unknown' && application.name === '')) {
      const fresh = new ApplicationState(id, name, user, application?.registeredAt ?? now, 0, wants);
      // Workers have spoken of it before it came itself.
      for (const executor of application?.executors.values() ?? []) fresh.executors.set(executor.id, executor);
      for (const workerId of application?.workers ?? []) fresh.workers.add(workerId);
      fresh.nextExecutorId = application?.nextExecutorId ?? 0;
      applications.set(id, fresh);
      application = fresh;
    }
    application.status = 'connected';
    application.maxCores = registration.maxCores ?? options.defaultCores;
    application.wants = wants;
    application.nextExecutorId = Math.max(application.nextExecutorId, registration.nextExecutorId);
    application.waiting = null;
    this.#compare(application, registration);
    this.#context.note(`application ${id} (${name}) registered`);
    this.#context.persist();
    this.#context.dirty = true;
  }

  /** For executors of an application that has not come (back): it gets a time to do so. */
  expected(id: string): ApplicationState {
    const { applications, options, now } = this.#context;
    const wants: ExecutorWants = { total: 0, cores: null, memoryBytes: 0, placementHints: {} };
    const application = new ApplicationState(id, '', '', now, options.defaultCores, wants);
    application.deadline = now + options.recoveryTimeoutMillis;
    applications.set(id, application);
    return application;
  }

  wanted(id: string, wants: ExecutorWants): void {
    const application = this.#context.applications.get(id);
    if (application === undefined) return;
    application.wants = wants;
    this.#context.persist();
    this.#context.dirty = true;
  }

  released(id: string, executors: readonly ExecutorId[]): void {
    const application = this.#context.applications.get(id);
    for (const executorId of executors) {
      const executor = application?.executors.get(executorId);
      if (executor === undefined) continue;
      // Its worker is not here: what it says when it comes back is not known any more, and ended.
      if (executor.phase === 'unconfirmed')
        this.#executors.exited(executor, { outcome: 'ended', reason: 'released', causedByApp: false });
      else this.#executors.end(executor, 'released by its application');
    }
  }

  disconnected(id: string): void {
    const application = this.#context.applications.get(id);
    if (application?.status !== 'connected') return;
    application.status = 'disconnected';
    application.deadline = this.#context.now + this.#context.options.applicationReconnectMillis;
    this.#context.note(`application ${id} has lost its connection`, 'warn');
  }

  ended(id: string, outcome: ApplicationOutcome, reason: string): void {
    const application = this.#context.applications.get(id);
    if (application === undefined) return;
    for (const executor of application.executors.values()) this.#executors.orphan(executor);
    for (const workerId of application.workers)
      this.#context.do({ type: 'forget-application', workerId, applicationId: id });
    this.#context.tell(application, { type: 'ended', outcome, reason });
    this.#context.applications.delete(id);
    const { name, user, registeredAt, wants } = application;
    const { ended, now, options } = this.#context;
    ended.push({
      ...{ id, name, user, registeredAt, outcome, reason },
      endedAt: now,
      memoryBytesPerExecutor: wants.memoryBytes,
    });
    if (ended.length > options.retainedApplications) ended.shift();
    this.#context.note(`application ${id} (${name}) ${outcome}${reason === '' ? '' : `: ${reason}`}`);
    this.#context.persist();
    this.#context.dirty = true;
  }

  /** Ends those that did not come back, and those whose executors only fail. */
  tick(): void {
    const { applications, now, options } = this.#context;
    for (const application of [...applications.values()]) {
      for (const executor of [...application.executors.values()]) {
        if (executor.phase === 'unconfirmed' && now >= executor.since + options.recoveryTimeoutMillis)
          this.#executors.exited(executor, {
            outcome: 'ended',
            reason: `its worker ${executor.workerId} on ${executor.host} did not come back to the master`,
            causedByApp: false,
          });
      }
      if (application.status !== 'connected' && now >= application.deadline)
        this.ended(application.id, 'failed', 'its driver did not come back');
    }
  }

  endIfHopeless(application: ApplicationState, reason: string): void {
    const { maxExecutorRetries } = this.#context.options;
    if (maxExecutorRetries < 0 || application.failures < maxExecutorRetries) return;
    if ([...application.executors.values()].some(({ phase }) => phase === 'running')) return;
    const count = `${application.failures} executor${application.failures === 1 ? '' : 's'} failed in a row`;
    this.ended(application.id, 'failed', `${count}, the last one: ${reason}`);
  }

  /** What the application has and the master's books must be the same. */
  #compare(application: ApplicationState, { executors }: ApplicationRegistration): void {
    const known = new Set(executors.map(({ executorId }) => executorId));
    for (const executor of [...application.executors.values()]) {
      if (executor.phase !== 'running') continue;
      // Of a predecessor's it was told that it is lost, and has given its work to others.
      if (executor.adopted && !known.has(executor.id)) this.#executors.end(executor, 'its application gave it up');
      else this.#executors.running(application, executor);
    }
    for (const executor of executors) {
      if (application.executors.has(executor.executorId)) continue;
      const worker = this.#context.workers.get(executor.workerId);
      if (worker !== undefined && worker.status !== 'unknown') {
        this.#context.tell(application, {
          type: 'exited',
          executorId: executor.executorId,
          reason: `it is not on its worker ${worker.id} any more`,
          causedByApp: false,
        });
      } else this.#executors.adopt(application, executor, 'unconfirmed');
    }
  }
}
