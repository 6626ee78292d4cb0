import type { MasterContext } from './context.ts';
import type { MasterSnapshot } from './snapshot.ts';
import { ApplicationState, isOver, type SubmittedDriver, WorkerState } from './state.ts';

/** The books of a predecessor: who was there is expected back, and until they came nothing is placed. */
export function restore(context: MasterContext, snapshot: MasterSnapshot): void {
  const deadline = context.now + context.options.recoveryTimeoutMillis;
  for (const { id, host, resources } of snapshot.workers) {
    const worker = new WorkerState(id, host, resources);
    worker.status = 'unknown';
    worker.deadline = deadline;
    context.workers.set(id, worker);
  }
  for (const one of snapshot.applications) {
    const application = new ApplicationState(one.id, one.name, one.user, one.registeredAt, one.maxCores, one.wants);
    application.deadline = deadline;
    application.nextExecutorId = one.nextExecutorId;
    context.applications.set(one.id, application);
  }
  for (const one of snapshot.drivers) {
    const driver: SubmittedDriver = { ...one, startedAt: context.now, notBefore: context.now };
    context.drivers.set(one.id, driver);
    // Its resources are its own also before its worker is back.
    if (!isOver(driver) && driver.workerId !== null) context.workers.get(driver.workerId)?.addDriver(driver);
  }
  if (context.workers.size > 0 || context.applications.size > 0) context.recoveringUntil = deadline;
  context.note(
    `recovered ${context.workers.size} workers, ${context.applications.size} applications and ${context.drivers.size} drivers`,
  );
  context.dirty = true;
}

/** Ends the recovery when everybody is back, or the time is over: those that are not are lost by their own deadlines. */
export function endRecovery(context: MasterContext): void {
  if (context.recoveringUntil === 0) return;
  const isExpected = (one: { readonly status: string }) => one.status === 'unknown';
  const missing = [...context.workers.values(), ...context.applications.values()].filter(isExpected).length;
  if (missing > 0 && context.now < context.recoveringUntil) return;
  context.recoveringUntil = 0;
  context.dirty = true;
  context.note(missing === 0 ? 'recovery complete' : `recovery complete; ${missing} did not come back`);
}

export function snapshotOf(context: MasterContext): MasterSnapshot {
  return {
    workers: [...context.workers.values()].map(({ id, host, resources }) => ({ id, host, resources })),
    applications: [...context.applications.values()]
      // Only spoken of by workers: they will again.
      .filter(({ name }) => name !== '')
      .map(({ id, name, user, registeredAt, maxCores, wants, nextExecutorId }) => {
        return { id, name, user, registeredAt, maxCores, wants, nextExecutorId };
      }),
    drivers: [...context.drivers.values()].map(({ startedAt: _, notBefore: __, ...driver }) => driver),
  };
}
