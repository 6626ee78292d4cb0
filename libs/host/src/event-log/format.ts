import type { ErrorData } from '@kiln/base';
import type { TaskMetrics } from '@kiln/contracts/executor';
import type { EngineEvent, StageInfo, TaskInfo } from '@kiln/contracts/listener';
import { z } from 'zod';
import { metrics } from './metrics-format.ts';

/** Raised when a reader of this version could misunderstand a newer log. New events and fields do not raise it: readers pass over them. */
export const eventLogVersion = 1;
/** First thing in every log. */
export const eventLogFormat = 'kiln.event-log';

const time = z.number().describe('Milliseconds since the epoch.');
const id = z.int().nonnegative();
const executorId = z.string().describe('`driver` in local mode.');
const outcome = z.enum(['succeeded', 'failed', 'cancelled']);

const error: z.ZodType<ErrorData> = z
  .object({
    code: z.string().describe("`KILN_...`, or Spark's error class."),
    message: z.string(),
    hint: z.string().nullable().describe('What to do.'),
    concerns: z.record(z.string(), z.string()).describe('Job, stage, partition, executor, file.'),
    position: z.object({ line: z.number(), column: z.number() }).nullable(),
    get cause(): z.ZodType<ErrorData | null> {
      return error.nullable();
    },
    stack: z.string().nullable(),
  })
  .meta({ id: 'Error', description: 'An error with its cause chain.' });

const stage = z
  .object({
    stageId: id.describe('Kept over the attempts of a stage.'),
    jobId: id,
    name: z.string().describe('The operators in one line.'),
    parents: z.array(id).readonly().describe('Stages whose outputs it reads.'),
    kind: z.enum(['shuffle-map', 'result', 'scalar-subquery', 'write']),
  })
  .meta({ id: 'Stage' });

const task = z
  .object({
    taskId: id.describe('One attempt of one partition.'),
    jobId: id,
    stageId: id,
    stageAttempt: id,
    partition: id,
    attempt: id.describe('Counts from 0.'),
    executorId,
    locality: z.enum(['process-local', 'node-local', 'no-pref', 'rack-local', 'any']),
    speculative: z.boolean(),
  })
  .meta({ id: 'Task' });

const event = <T extends string, S extends z.core.$ZodLooseShape>(type: T, description: string, shape: S) =>
  z.object({ type: z.literal(type), time, ...shape }).meta({ description });

/** The first line. */
export const logStarted = event('log-started', 'First line of a log.', {
  format: z.literal(eventLogFormat),
  version: z.int().positive().describe('Readers refuse a log of a greater version than they know.'),
  kilnVersion: z.string(),
  nodeVersion: z.string(),
  settings: z.record(z.string(), z.string()).describe('What was set, as it was written; values of secrets are hidden.'),
});

/** All other lines, in the order in which things happened. */
export const loggedEvent = z.discriminatedUnion('type', [
  event('engine-started', 'The application starts.', { appId: z.string(), name: z.string(), master: z.string() }),
  event('engine-stopped', 'The application ends. A log without it was cut off.', {}),
  event('executor-added', 'An executor can take tasks.', { executorId, host: z.string(), slots: id }),
  event('executor-removed', 'An executor is gone.', { executorId, reason: z.string() }),
  event('executor-decommissioned', 'An executor gets no more tasks and leaves when it has none.', {
    executorId,
    reason: z.string(),
  }),
  event('executor-excluded', 'Failures keep tasks away from an executor or a host.', {
    executorId: executorId.nullable().describe('Null: all executors of the host.'),
    host: z.string(),
    stageId: id.nullable().describe('Null: from all stages.'),
    until: z.number().nullable().describe('Milliseconds since the epoch; null: as long as the stage runs.'),
  }),
  event('job-started', 'An action of a program.', {
    jobId: id,
    description: z.string(),
    stages: z
      .array(stage)
      .readonly()
      .describe('In dependency order; those whose outputs are there already are skipped.'),
  }),
  event('job-ended', 'The end of a job.', { jobId: id, outcome, error: error.nullable() }),
  event('stage-submitted', 'An attempt of a stage begins.', {
    stage,
    attempt: id.describe('Above 0: lost outputs are made again.'),
    tasks: id.describe('Tasks of this attempt.'),
    decisions: z.array(z.string()).readonly().describe('What adaptive execution decided, for people.'),
  }),
  event('stage-completed', 'An attempt of a stage ends.', {
    stage,
    attempt: id,
    outcome,
    reason: z.string().nullable(),
  }),
  event('stage-skipped', 'A stage whose outputs are there already.', { stage }),
  event('task-started', 'A task was sent to its executor.', { task }),
  event('task-ended', 'A task attempt ended.', {
    task,
    outcome: z.enum(['succeeded', 'failed', 'killed']),
    error: error.nullable(),
    metrics,
  }),
  event('block-updated', 'A block came or went.', {
    executorId,
    block: z.string(),
    bytes: z.number(),
    stored: z.enum(['memory', 'disk', 'removed']),
  }),
]);

/** The header of a log. */
export type LogStarted = z.output<typeof logStarted>;
/** One line of a log. */
export type LoggedEvent = z.output<typeof loggedEvent>;
/** An event of one type. */
export type LoggedEventOf<Type extends LoggedEvent['type']> = Extract<LoggedEvent, { readonly type: Type }>;
/** A stage in a log. */
export type LoggedStage = z.output<typeof stage>;
/** A task attempt in a log. */
export type LoggedTask = z.output<typeof task>;

type Uncovered<Live extends { type: string }, Logged extends { type: string }> = {
  [Type in Live['type']]: Exclude<keyof Extract<Live, { type: Type }>, keyof Extract<Logged, { type: Type }>>;
}[Live['type']];

/**
 * If the compiler stops here, an event, `StageInfo`, `TaskInfo` or `TaskMetrics` got a field that this file does not describe: name it above
 * (or in metrics-format.ts), then `npm run gen`. The version stays.
 */
export const describesEverything: [
  | Uncovered<EngineEvent, LoggedEvent>
  | Exclude<keyof StageInfo, keyof LoggedStage>
  | Exclude<keyof TaskInfo, keyof LoggedTask>
  | Exclude<keyof TaskMetrics, keyof LoggedEventOf<'task-ended'>['metrics']>,
] extends [never]
  ? EngineEvent extends z.input<typeof loggedEvent>
    ? true
    : 'the type of a field differs'
  : 'a field is missing here' = true;
