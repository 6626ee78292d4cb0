import { executorId, jobId, Settings, stageId, taskId } from '@kiln/base';
import type { TaskFailure } from '@kiln/contracts/executor';
import type { PoolSpec, TaskRequest, TaskSchedulerAction, TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import { DefaultSchedulingPolicy } from '../default-scheduling-policy.ts';
import { DefaultSpeculationPolicy } from '../default-speculation-policy.ts';
import { DefaultTaskScheduler } from '../default-task-scheduler.ts';
import { readNumber, readStage, readTraceLine, type TraceHarness } from './traces.ts';

/**
 * Event lines of the task scheduler:
 *
 *     conf spark.task.maxFailures=2            before the first event
 *     pool etl FAIR weight=2 minShare=3        of the allocation file, before the first event
 *     executor a h1 x2 r1                      executor a on host h1 with 2 cores, in rack r1
 *     decommission a @5000                     it leaves at 5000
 *     remove a app|cluster                     whose fault it is
 *     submit 3.0 job 1: 0 1@a 2@host:h1@rack:r1   stage 3, attempt 0; partitions with what they prefer
 *     submit 3.0 job 1 etl: x100               in pool etl
 *     submit 3.0 job 1: x100                   partitions 0 to 99
 *     ok t0 / fail t0 boom / fetch t0 / killed t0
 *     cancel 3.0
 *     tick
 */
export function taskTraceHarness(): TraceHarness {
  const conf: Record<string, string> = {};
  const pools: PoolSpec[] = [];
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
    if (words[0] === 'pool') {
      pools.push(readPool(words));
      return [];
    }
    scheduler ??= makeTaskScheduler(conf, pools);
    return scheduler.step(readEvent(words), now).map(showAction);
  };
}

export function makeTaskScheduler(
  conf: Readonly<Record<string, string>> = {},
  pools: readonly PoolSpec[] = [],
): DefaultTaskScheduler {
  const { settings } = Settings.from(conf);
  const policy = new DefaultSchedulingPolicy(settings, pools);
  return new DefaultTaskScheduler(policy, new DefaultSpeculationPolicy(settings), settings);
}

function readPool([, name = '', mode, ...rest]: readonly string[]): PoolSpec {
  const numbers = new Map(rest.map((word) => [word.split('=')[0], Number(word.split('=')[1])]));
  const schedulingMode = mode === 'FAIR' ? 'FAIR' : 'FIFO';
  return { name, schedulingMode, weight: numbers.get('weight') ?? 1, minShare: numbers.get('minShare') ?? 0 };
}

function readEvent(words: readonly string[]): TaskSchedulerEvent {
  const [verb, first = '', second = '', third = '', fourth] = words;
  const { stage, attempt } = readStage(first);
  switch (verb) {
    case 'executor':
      return {
        type: 'executor-added',
        executorId: executorId(first),
        host: second,
        rack: fourth ?? null,
        slots: readNumber(third),
      };
    case 'decommission': {
      const endsAt = second === '' ? null : readNumber(second);
      return { type: 'executor-decommissioned', executorId: executorId(first), endsAt };
    }
    case 'remove':
      return { type: 'executor-removed', executorId: executorId(first), reason: 'gone', causedByApp: second === 'app' };
    case 'submit': {
      const colon = words.findIndex((word) => word.endsWith(':'));
      const pool = colon === 4 ? (words[4] ?? '').slice(0, -1) : 'default';
      const tasks = words.slice(colon + 1).flatMap(readTasks);
      const ids = { jobId: jobId(Number.parseInt(third, 10)), stageId: stageId(stage), stageAttempt: attempt };
      return { type: 'task-set-submitted', taskSet: { ...ids, tasks, pool, priority: 0 } };
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
  const named = (prefix: string) =>
    places.filter((place) => place.startsWith(prefix)).map((p) => p.slice(prefix.length));
  const preferredExecutors = places.filter((place) => !place.includes(':')).map(executorId);
  const preferredHosts = named('host:');
  return [{ partition: Number(partition), preferredExecutors, preferredHosts, preferredRacks: named('rack:') }];
}

function failure(kind: TaskFailure['kind'], message: string): TaskFailure {
  const fetch =
    kind === 'fetch-failed' ? { shuffleId: 0, map: 0, reduce: 0, executorId: 'a', cause: 'missing' as const } : null;
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
    case 'excluded': {
      const what = action.executorId ?? `host ${action.host}`;
      const from = action.stageId === null ? `all until ${action.until}` : `${action.stageId}.${action.stageAttempt}`;
      return `excluded ${what} from ${from}`;
    }
    case 'executor-wanted':
      return `executor-wanted for ${action.stageId}.${action.stageAttempt}, replaces ${action.replaces ?? 'none'}`;
    case 'task-set-ended':
      return `task-set-ended ${action.stageId}.${action.stageAttempt}`;
    case 'wake':
      return `wake ${action.at}`;
  }
}
