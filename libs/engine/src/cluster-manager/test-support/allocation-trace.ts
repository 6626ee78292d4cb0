import { executorId, jobId, Settings, stageId, taskId } from '@kiln/base';
import type { EngineEvent } from '@kiln/contracts/listener';
import { readNumber, readStage, readTraceLine, type TraceHarness } from '../../task-scheduler/test-support/traces.ts';
import { allocationOptions } from '../allocation-options.ts';
import { type AllocationAction, type AllocationEvent, ExecutorAllocation } from '../executor-allocation.ts';

/**
 * Event lines of the allocation of executors; the time of a wake-up that was asked for is told to it by itself:
 *
 *     conf spark.dynamicAllocation.maxExecutors=3     before the first event
 *     cores 4                                         of an executor, before the first event
 *     executor a / gone a / leaves a
 *     job / job-end                                   one job begins or ends
 *     submit 1.0 x10                                  stage 1, attempt 0, 10 tasks
 *     start 1.0 p3 a / ok 1.0 p3 a / fail 1.0 p3 a
 *     end 1.0                                         the stage attempt ended
 *     output s4 a / drop s4                           `a` holds outputs of shuffle 4; shuffle 4 is gone
 *     wanted 1.0                                      a task of it can run nowhere
 *     @9000 wait                                      nothing happens until then
 */
export function allocationTraceHarness(): TraceHarness {
  const conf: Record<string, string> = { 'spark.dynamicAllocation.enabled': 'true' };
  let cores = 1;
  let allocation: ExecutorAllocation | undefined;
  let now = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  return (line) => {
    const { now: time, words } = readTraceLine(line, now);
    const [verb, first = ''] = words;
    if (verb === 'conf') {
      const [name = '', value = ''] = first.split('=');
      conf[name] = value;
      return [];
    }
    if (verb === 'cores') {
      cores = Number(first);
      return [];
    }
    const made = allocation ?? new ExecutorAllocation(allocationOptions(Settings.from(conf).settings, cores));
    allocation = made;
    const lines: string[] = [];
    const step = (event: AllocationEvent) => {
      for (const action of made.step(event, now)) {
        if (action.type === 'wake') wakeAt = Math.min(wakeAt, action.at);
        else lines.push(`@${now} ${showAction(action)}`);
      }
    };
    while (wakeAt <= time) {
      now = Math.max(now, wakeAt);
      wakeAt = Number.POSITIVE_INFINITY;
      step({ type: 'tick' });
    }
    now = time;
    for (const event of readEvents(words, now)) step(event);
    return lines;
  };
}

function showAction(action: Exclude<AllocationAction, { type: 'wake' }>): string {
  return action.type === 'release' ? `release ${action.executors.join(' ')}` : `request-total ${action.total}`;
}

function readEvents(
  [verb, first = '', second = '', third = '']: readonly string[],
  time: number,
): readonly AllocationEvent[] {
  const id = executorId(first);
  const { stage, attempt } = readStage(first);
  const info = { stageId: stageId(stage), jobId: jobId(0), name: '', parents: [], kind: 'result' } as const;
  const block = { type: 'block-updated', time, bytes: 1 } as const;
  switch (verb) {
    case 'executor':
      return [{ type: 'executor-added', time, executorId: id, host: 'h', slots: 1 }];
    case 'gone':
      return [{ type: 'executor-removed', time, executorId: id, reason: '' }];
    case 'leaves':
      return [{ type: 'executor-decommissioned', time, executorId: id, reason: '' }];
    case 'job':
      return [{ type: 'job-started', time, jobId: jobId(0), description: '', stages: [] }];
    case 'job-end':
      return [{ type: 'job-ended', time, jobId: jobId(0), outcome: 'succeeded', error: null }];
    case 'submit':
      return [{ type: 'stage-submitted', time, stage: info, attempt, tasks: readNumber(second), decisions: [] }];
    case 'end':
      return [{ type: 'stage-completed', time, stage: info, attempt, outcome: 'succeeded', reason: null }];
    case 'start':
    case 'ok':
    case 'fail':
      return [taskEvent(verb, { stage, attempt, partition: readNumber(second), executor: third }, time)];
    case 'output':
      return [{ ...block, executorId: executorId(second), block: `shuffle_${readNumber(first)}_0`, stored: 'memory' }];
    case 'drop':
      return [{ ...block, executorId: executorId('driver'), block: `shuffle_${readNumber(first)}`, stored: 'removed' }];
    case 'wanted':
      return [{ type: 'executor-wanted', stageId: stage, stageAttempt: attempt }];
    case 'wait':
      return [];
    default:
      throw new Error(`No event '${verb}'`);
  }
}

function taskEvent(
  verb: 'start' | 'ok' | 'fail',
  of: { stage: number; attempt: number; partition: number; executor: string },
  time: number,
): EngineEvent {
  const task = {
    taskId: taskId(0),
    jobId: jobId(0),
    stageId: stageId(of.stage),
    stageAttempt: of.attempt,
    partition: of.partition,
    attempt: 0,
    executorId: executorId(of.executor),
    locality: 'any',
    speculative: false,
  } as const;
  if (verb === 'start') return { type: 'task-started', time, task };
  const outcome = verb === 'ok' ? 'succeeded' : 'failed';
  // Nobody looks at metrics here.
  return { type: 'task-ended', time, task, outcome, error: null, metrics: {} as never };
}
