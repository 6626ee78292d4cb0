import { executorId, jobId, Settings, stageId, taskId } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { TaskRequest, TaskSchedulerAction, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { DefaultSpeculationPolicy } from '../default-speculation-policy.ts';
import { DefaultTaskScheduler } from '../default-task-scheduler.ts';
import { FifoSchedulingPolicy } from '../fifo-scheduling-policy.ts';
import { readNumber, readStage, readTraceLine, type TraceHarness } from './traces.ts';

/**
 * Event lines of the task scheduler:
 *
 *     conf spark.task.maxFailures=2            before the first event
 *     executor a h1 x2                         executor a on host h1 with 2 slots
 *     remove a app|cluster                     whose fault it is
 *     submit 3.0 job 1: 0 1@a 2@host:h1        stage 3, attempt 0; partitions with what they prefer
 *     submit 3.0 job 1: x100                   partitions 0 to 99
 *     ok t0 / fail t0 boom / fetch t0 / killed t0
 *     cancel 3.0
 *     tick
 */
export function taskTraceHarness(): TraceHarness {
  const conf: Record<string, string> = {};
  let scheduler: DefaultTaskScheduler | undefined;
  let now = 0;
  return (line) => {
    const { now: time, words } = readTraceLine(line, now);
    now = time;
    if (words[0] === 'conf') {
      const [name = '', value = ''] = (words[1] ?? '').split('=');
      conf[name] = value;
      return [];
    }
    scheduler ??= makeTaskScheduler(conf);
    return scheduler.step(readEvent(words), now).map(showAction);
  };
}

export function makeTaskScheduler(conf: Readonly<Record<string, string>> = {}): DefaultTaskScheduler {
  const { settings } = Settings.from(conf);
  return new DefaultTaskScheduler(new FifoSchedulingPolicy(), new DefaultSpeculationPolicy(settings), settings);
}

function readEvent(words: readonly string[]): TaskSchedulerEvent {
  const [verb, first = '', second = '', third = ''] = words;
  const { stage, attempt } = readStage(first);
  switch (verb) {
    case 'executor':
      return { type: 'executor-added', executorId: executorId(first), host: second, slots: readNumber(third) };
    case 'remove':
      return { type: 'executor-removed', executorId: executorId(first), reason: 'gone', causedByApp: second === 'app' };
    case 'submit': {
      const tasks = words.slice(4).flatMap(readTasks);
      const ids = { jobId: jobId(Number.parseInt(third, 10)), stageId: stageId(stage), stageAttempt: attempt };
      return { type: 'task-set-submitted', taskSet: { ...ids, tasks, pool: 'default', priority: 0 } };
    }
    case 'ok':
      return { type: 'task-succeeded', taskId: taskId(readNumber(first)) };
    case 'fail':
      return { type: 'task-failed', taskId: taskId(readNumber(first)), failure: failure('user', second) };
    case 'fetch':
      return { type: 'task-failed', taskId: taskId(readNumber(first)), failure: failure('fetch-failed', 'lost block') };
    case 'killed':
      return { type: 'task-killed', taskId: taskId(readNumber(first)), reason: 'killed' };
    case 'cancel':
      return { type: 'stage-cancelled', stageId: stageId(stage), stageAttempt: attempt, reason: 'not needed' };
    case 'tick':
      return { type: 'tick' };
    default:
      throw new Error(`No event '${words.join(' ')}'`);
  }
}

function readTasks(word: string): readonly TaskRequest[] {
  if (word.startsWith('x')) {
    return Array.from({ length: readNumber(word) }, (_, partition) => ({
      partition,
      preferredExecutors: [],
      preferredHosts: [],
    }));
  }
  const [partition, ...places] = word.split('@');
  const hosts = places.filter((place) => place.startsWith('host:'));
  const preferredExecutors = places.filter((place) => !hosts.includes(place)).map(executorId);
  return [{ partition: Number(partition), preferredExecutors, preferredHosts: hosts.map((host) => host.slice(5)) }];
}

function failure(kind: TaskFailure['kind'], message: string): TaskFailure {
  const fetch = kind === 'fetch-failed' ? { shuffleId: 0, map: 0, reduce: 0, executorId: 'a' } : null;
  return { kind, class: 'Boom', message, causes: [], fetch };
}

export function showAction(action: TaskSchedulerAction): string {
  switch (action.type) {
    case 'launch': {
      const {
        taskId: task,
        stageId: stage,
        stageAttempt,
        partition,
        attempt,
        executorId: executor,
        locality,
        speculative,
      } = action.launch;
      const notes = [
        attempt > 0 ? `attempt ${attempt}` : '',
        locality === 'no-pref' ? '' : locality,
        speculative ? 'speculative' : '',
      ];
      return [
        `launch t${task} = ${stage}.${stageAttempt} p${partition} on ${executor}`,
        ...notes.filter((note) => note !== ''),
      ].join(', ');
    }
    case 'kill':
      return `kill t${action.taskId} on ${action.executorId}: ${action.reason}`;
    case 'partition-done':
      return `partition-done ${action.stageId}.${action.stageAttempt} p${action.partition} by t${action.taskId} on ${action.executorId}`;
    case 'task-set-failed': {
      const { stageId: stage, stageAttempt, partition, failures, first, last } = action;
      return `task-set-failed ${stage}.${stageAttempt} p${partition} after ${failures}: first '${first.message}', last '${last.message}'`;
    }
    case 'fetch-failed':
      return `fetch-failed ${action.stageId}.${action.stageAttempt} p${action.partition}`;
    case 'task-set-ended':
      return `task-set-ended ${action.stageId}.${action.stageAttempt}`;
    case 'wake':
      return `wake ${action.at}`;
  }
}
