/** Entry of a worker thread that runs functions of users: one task at a time, told by its executor. */
import { deserialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { TaskFailure, TaskMetrics } from '@kiln/contracts/executor';
import type { ClosureProgram } from '@kiln/contracts/planner';
import type { RunTask, WorkerOutput, WorkerStart } from '../protocol.ts';
import { runAction } from './actions.ts';
import { Channel, ToldFailure } from './channel.ts';
import { Functions } from './functions.ts';
import { shuffleSink } from './shuffle-output.ts';
import { StagePlan } from './stage.ts';
import { drain } from './stream.ts';
import { TaskParts } from './task-parts.ts';

interface Loaded {
  readonly hash: string;
  readonly program: ClosureProgram;
  readonly functions: Functions;
  readonly plan: StagePlan;
}

// A helper that esbuild puts into functions to keep their names.
Object.assign(globalThis, { __name: (fn: unknown) => fn });

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const start = workerData as WorkerStart;
const channel = new Channel(port, start);
let loaded: Loaded | undefined;

port.on('message', (message: RunTask) => void run(message));

async function run({ spec, program }: RunTask): Promise<void> {
  channel.forget();
  let parts: TaskParts | undefined;
  try {
    if (program !== null) loaded = load(spec.program, program);
    if (loaded?.hash !== spec.program) throw new Error(`program ${spec.program} was not sent to this worker`);
    parts = new TaskParts(loaded.program, loaded.functions, channel, spec, start.localDirs);
    const output = await perform(parts, loaded.plan);
    const metrics: Partial<TaskMetrics> = parts.end();
    channel.send({ type: 'done', output, metrics });
  } catch (error) {
    try {
      parts?.end();
    } catch {
      // The first error counts.
    }
    channel.send({ type: 'failed', failure: failureOf(error) });
  }
}

async function perform(parts: TaskParts, plan: StagePlan): Promise<WorkerOutput> {
  const { program, spec } = parts;
  const partition = program.partitions[spec.partition];
  if (partition === undefined) throw new Error(`there is no task ${spec.partition} in this stage`);
  const stream = plan.stream(parts, partition);
  if (program.output.type === 'action') return runAction(program.output.action, stream, parts);
  const sink = shuffleSink(program.output, parts, partition);
  drain(stream, sink.push);
  sink.finish();
  return { type: 'map-output' };
}

function load(hash: string, bytes: Uint8Array): Loaded {
  const program = deserialize(bytes) as ClosureProgram;
  return { hash, program, functions: new Functions(program.functions), plan: new StagePlan(program.nodes) };
}

function failureOf(error: unknown): TaskFailure {
  if (error instanceof ToldFailure) return error.failure;
  const stack = loaded?.functions.stackOf(error);
  const name = error instanceof Error ? error.name : 'Error';
  const text = error instanceof Error ? error.message : String(error);
  // Not in a function of the user's: a file that cannot be read, a full disk.
  const isOurs = stack !== undefined && !stack.includes('\n') && error instanceof Error && 'syscall' in error;
  return {
    kind: isOurs ? 'io' : 'user',
    class: isOurs ? 'IO' : 'KILN_FUNCTION',
    message: isOurs ? text : `${name}: ${text}`,
    causes: causesOf(error),
    fetch: null,
    ...(stack === undefined ? {} : { stack }),
  };
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < 16) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}
