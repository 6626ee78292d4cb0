import { KilnError, nearest } from '@kiln/base';
import { type DataFrame, type ExplainMode, type Session, type SessionOptions, typeText } from '@kiln/client';
import {
  blameOutput,
  type Job,
  loadJob,
  outputPath,
  outputWriter,
  type RunOptions,
  runJob,
  withJob,
} from '@kiln/client/job-file';
import { jobReport } from '../report/job-report.ts';
import type { JobMessage, JobTask, ThreadTask } from './messages.ts';
import { runModule } from './run-module.ts';

/** How a job thread reaches the outside. */
export interface TaskContext {
  readonly post: (message: JobMessage) => void;
  readonly signal: AbortSignal;
  /** `Session.create` when left out. */
  readonly createSession?: (options: SessionOptions) => Promise<Session>;
}

/** What a job thread does from its first message to its last. */
export async function runTask(task: ThreadTask, context: TaskContext): Promise<void> {
  if (task.type === 'module') return runModule(task, context);
  let job: Job | undefined;
  try {
    job = await loadJob(task.file, { set: task.set });
    context.signal.throwIfAborted();
    await perform(job, task, context);
    context.post({ type: 'done' });
  } catch (error) {
    context.post({ type: 'failed', report: jobReport(error, job?.source) });
  }
}

async function perform(
  job: Job,
  { action, master, name, conf, defaults }: JobTask,
  { post, signal, createSession }: TaskContext,
): Promise<void> {
  const options: RunOptions = {
    conf,
    defaults,
    signal,
    onEvent: (event) => post({ type: 'event', event }),
    ...(master === null ? {} : { master }),
    ...(name === null ? {} : { name }),
    ...(createSession ? { createSession } : {}),
  };
  switch (action.type) {
    case 'run':
      return runJob(job, options);
    case 'check':
      return withJob(job, options, async ({ frames }) => {
        for (const [name, frame] of frames) post({ type: 'text', text: `${name}: ${await columnList(frame)}\n` });
        // An output that cannot be planned would fail last, after all that it needs.
        for (const [index, { explain }] of explained(job, frames, null).entries()) {
          await explain('simple').catch((error: unknown) => {
            throw blameOutput(error, job, index);
          });
        }
      });
    case 'explain':
      return withJob(job, options, async ({ frames }) => {
        for (const { title, explain } of explained(job, frames, action.step)) {
          post({ type: 'text', text: `-- ${title}\n${await explain(action.mode)}\n\n` });
        }
      });
  }
}

async function columnList(frame: DataFrame): Promise<string> {
  return (await frame.schema()).map((field) => `${field.name} ${typeText(field.dataType)}`).join(', ');
}

interface Explained {
  readonly title: string;
  readonly explain: (mode: ExplainMode) => Promise<string>;
}

/** One step, or every output as it will run. */
function explained(job: Job, frames: ReadonlyMap<string, DataFrame>, step: string | null): readonly Explained[] {
  if (step !== null) return [{ title: step, explain: (mode) => frameNamed(frames, step).explainString(mode) }];
  return job.definition.outputs.map((output, index) => {
    const frame = frameNamed(frames, output.from);
    const title = `output ${index + 1}: ${output.from}`;
    if ('show' in output) {
      return {
        title: `${title}, ${output.show} rows`,
        explain: (mode) => frame.limit(output.show + 1).explainString(mode),
      };
    }
    const path = outputPath(job, output);
    return { title: `${title} to ${path}`, explain: (mode) => outputWriter(frame, output).explainString(path, mode) };
  });
}

function frameNamed(frames: ReadonlyMap<string, DataFrame>, name: string): DataFrame {
  const frame = frames.get(name);
  if (frame) return frame;
  const near = nearest(name, frames.keys());
  throw new KilnError('KILN_ARGUMENT', `There is no source or step "${name}".`, {
    hint: near ? `Did you mean "${near}"?` : `There are: ${[...frames.keys()].join(', ')}.`,
  });
}
