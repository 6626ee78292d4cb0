import { type ErrorData, executorId, jobId, Settings, shuffleId, stageId } from '@kiln/base';
import type { DagAction, DagEvent, StageSpec } from '@kiln/contracts/dag-scheduler';
import type { MapStatus, TaskFailure } from '@kiln/contracts/executor';
import { DefaultMapOutputTracker } from '../../shuffle/map-output-tracker.ts';
import { readNumber, readStage, readTraceLine, type TraceHarness } from '../../task-scheduler/test-support/traces.ts';
import { DefaultDagScheduler } from '../default-dag-scheduler.ts';

/**
 * Event lines of the DAG scheduler; the shuffle of a map stage has the stage's id, and the tracker is kept as the driver keeps it:
 *
 *     conf spark.stage.maxConsecutiveAttempts=2
 *     job 0: 0:map 1:map<-0! 2:subquery 3:result<-1,2      ! gives other rows when it runs again
 *     prepared 0.0 x4                                      4 partitions
 *     unprepared 0.0 no-such-function
 *     done 0.0 p1 on a                                     p0-3: several partitions, one event each
 *     failed 0.0 p1 x4 first last
 *     fetch 3.0 p0 s1 m2 on a                              map 2 of shuffle 1 could not be fetched from a
 *     lost a / lost-host host-a / decommission a
 *     cancel 0 / release s0 / tick
 */
export function dagTraceHarness(): TraceHarness {
  const conf: Record<string, string> = {};
  const tracker = new DefaultMapOutputTracker();
  const kinds = new Map<number, StageSpec['kind']>();
  let scheduler: DefaultDagScheduler | undefined;
  let now = 0;
  return (line) => {
    const { now: time, words } = readTraceLine(line, now);
    now = time;
    if (words[0] === 'conf') {
      const [name = '', value = ''] = (words[1] ?? '').split('=');
      conf[name] = value;
      return [];
    }
    scheduler ??= new DefaultDagScheduler(tracker, Settings.from(conf).settings);
    const lines: string[] = [];
    for (const event of readEvents(words)) {
      beforeStep(event, tracker, kinds);
      for (const action of scheduler.step(event, now)) {
        if (action.type === 'unregister-outputs') tracker.unregister(action);
        if (action.type === 'drop-shuffle') tracker.remove(action.shuffleId);
        lines.push(showAction(action));
      }
    }
    return lines;
  };
}

const status: MapStatus = { uri: '', bytes: [], rows: [], checksum: '', keys: [] };

/** What the driver does with the tracker before it tells the scheduler. */
function beforeStep(event: DagEvent, tracker: DefaultMapOutputTracker, kinds: Map<number, StageSpec['kind']>): void {
  if (event.type === 'job-submitted') for (const { stageId: id, kind } of event.job.stages) kinds.set(id, kind);
  if (event.type === 'stage-prepared' && kinds.get(event.stageId) === 'shuffle-map') {
    tracker.registerShuffle(shuffleId(event.stageId), event.tasks.length);
  }
  if (event.type === 'partition-done' && kinds.get(event.stageId) === 'shuffle-map') {
    const executor = event.executorId;
    const location = { executor, host: `host-${executor}`, address: '', isServed: executor.startsWith('served') };
    tracker.register(shuffleId(event.stageId), event.partition, location, status);
  }
}

function readEvents(words: readonly string[]): readonly DagEvent[] {
  const [verb, first = '', second = '', third = '', fourth = '', fifth = ''] = words;
  const { stage, attempt } = readStage(first);
  const ids = { stageId: stageId(stage), stageAttempt: attempt };
  switch (verb) {
    case 'job': {
      const stages = words.slice(2).map(readStageSpec);
      return [
        {
          type: 'job-submitted',
          job: { jobId: jobId(Number.parseInt(first, 10)), description: '', stages, pool: 'default' },
        },
      ];
    }
    case 'prepared': {
      const tasks = Array.from({ length: readNumber(second) }, (_, partition) => ({
        partition,
        preferredExecutors: [],
        preferredHosts: [],
      }));
      return [{ type: 'stage-prepared', stageId: ids.stageId, attempt, tasks }];
    }
    case 'unprepared': {
      const error: ErrorData = {
        code: 'NO_GOOD',
        message: second,
        hint: null,
        concerns: {},
        position: null,
        cause: null,
        stack: null,
      };
      return [{ type: 'stage-preparation-failed', stageId: ids.stageId, attempt, error }];
    }
    case 'done': {
      const [from = 0, to = from] = second.slice(1).split('-').map(Number);
      const partitions = Array.from({ length: to - from + 1 }, (_, index) => from + index);
      return partitions.map((partition) => ({
        type: 'partition-done',
        ...ids,
        partition,
        executorId: executorId(fourth.replace(',', '')),
        otherRows: fifth === 'other-rows',
      }));
    }
    case 'failed':
      return [
        {
          type: 'task-set-failed',
          ...ids,
          partition: readNumber(second),
          failures: readNumber(third),
          first: failure(fourth),
          last: failure(fifth),
        },
      ];
    case 'fetch': {
      const fetch = {
        shuffleId: readNumber(third),
        map: readNumber(fourth),
        reduce: readNumber(second),
        executorId: words[6] ?? '',
        cause: 'missing' as const,
      };
      const lost: TaskFailure = { ...failure(`lost-m${fetch.map}`), kind: 'fetch-failed', class: 'FetchFailed', fetch };
      return [{ type: 'fetch-failed', ...ids, partition: readNumber(second), failure: lost }];
    }
    case 'lost':
      return [{ type: 'executor-lost', executorId: executorId(first) }];
    case 'lost-host':
      return [{ type: 'host-lost', host: first }];
    case 'decommission':
      return [{ type: 'executor-decommissioned', executorId: executorId(first) }];
    case 'cancel':
      return [{ type: 'job-cancelled', jobId: jobId(Number(first)), reason: 'by the user' }];
    case 'release':
      return [{ type: 'shuffle-released', shuffleId: shuffleId(readNumber(first)) }];
    case 'tick':
      return [{ type: 'tick' }];
    default:
      throw new Error(`No event '${words.join(' ')}'`);
  }
}

const kindsByWord = { map: 'shuffle-map', result: 'result', subquery: 'scalar-subquery', write: 'write' } as const;

/** `3:result<-1,2!` */
export function readStageSpec(word: string): StageSpec {
  const [, id = '', kindWord = '', parents = '', mark = ''] = /^(\d+):(\w+)(?:<-([\d,]+))?(!?)$/.exec(word) ?? [];
  const kind = kindsByWord[kindWord as keyof typeof kindsByWord];
  return {
    stageId: stageId(Number(id)),
    name: '',
    kind,
    parents: parents === '' ? [] : parents.split(',').map((parent) => stageId(Number(parent))),
    shuffleId: kind === 'shuffle-map' ? shuffleId(Number(id)) : null,
    determinism: mark === '!' ? 'indeterminate' : 'determinate',
  };
}

function failure(message: string): TaskFailure {
  return { kind: 'user', class: 'Boom', message, causes: ['the cause'], fetch: null };
}

function showAction(action: DagAction): string {
  const reason = 'reason' in action && action.reason !== null ? `: ${action.reason}` : '';
  switch (action.type) {
    case 'prepare-stage':
      return `prepare ${action.stageId}.${action.attempt} for job ${action.jobId}`;
    case 'submit-task-set': {
      const { stageId: stage, stageAttempt, jobId: job, tasks } = action.taskSet;
      return `submit ${stage}.${stageAttempt} for job ${job}: ${tasks.map(({ partition }) => `p${partition}`).join(' ')}`;
    }
    case 'cancel-stage':
      return `cancel ${action.stageId}.${action.stageAttempt}${reason}`;
    case 'stage-completed':
      return `${action.outcome} ${action.stageId}.${action.attempt}${reason}`;
    case 'stage-skipped':
      return `skipped ${action.stageId} for job ${action.jobId}`;
    case 'unregister-outputs':
      return `unregister ${action.host ?? action.executorId ?? 'all'} s${action.shuffleId ?? '*'} m${action.map ?? '*'}`;
    case 'drop-shuffle':
      return `drop s${action.shuffleId}`;
    case 'job-succeeded':
      return `job-succeeded ${action.jobId}`;
    case 'job-failed':
      return `job-${action.cancelled ? 'cancelled' : 'failed'} ${action.jobId}: ${showError(action.error)}`;
    case 'wake':
      return `wake ${action.at}`;
  }
}

function showError({ code, message, concerns, cause }: ErrorData): string {
  const about = Object.entries(concerns).map(([name, value]) => `${name}=${value}`);
  return `${code} [${about.join(' ')}] ${message}${cause === null ? '' : ` <- ${showError(cause)}`}`;
}
