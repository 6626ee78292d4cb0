import type { DriverProcessState, ExecutorProcessState } from '../shared/reports.ts';
import type { ProcessEnd } from './running-process.ts';

/** Signals by which people and machines ask a process to end; others mean that it broke, or was killed for its memory. */
const requests: ReadonlySet<string | null> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP']);

/** How the end of an executor's process counts: what was asked for is no failure, what it did itself is its application's. */
export function executorExit({ exit, endedFor, exceededMemory }: ProcessEnd, started: boolean): ExecutorProcessState {
  if (exceededMemory) return { type: 'exited', outcome: 'failed', reason: endedFor ?? exit.reason, causedByApp: true };
  if (endedFor !== null) return { type: 'exited', outcome: 'ended', reason: endedFor, causedByApp: false };
  if (!started) return { type: 'exited', outcome: 'failed', reason: exit.reason, causedByApp: false };
  if (exit.code === 0)
    return { type: 'exited', outcome: 'ended', reason: 'it ended when its work was done', causedByApp: false };
  return { type: 'exited', outcome: 'failed', reason: exit.reason, causedByApp: !requests.has(exit.signal) };
}

export function driverExit({ exit, endedFor }: ProcessEnd, started: boolean): DriverProcessState {
  if (!started) return { type: 'exited', outcome: 'error', message: exit.reason };
  if (endedFor !== null) return { type: 'exited', outcome: 'failed', message: endedFor };
  return exit.code === 0
    ? { type: 'exited', outcome: 'finished', message: null }
    : { type: 'exited', outcome: 'failed', message: exit.reason };
}
