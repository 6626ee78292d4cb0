import type { JobEvent } from '@kiln/client/job-file';
import type { Environment } from '../environment.ts';
import { ExitCode, exitCodeOf } from '../exit-code.ts';
import { interruptible } from '../interrupt.ts';
import type { ThreadTask } from '../job-thread/messages.ts';
import { Progress } from '../progress/progress.ts';
import { reportText } from '../report/report.ts';

/** What a job thread left. */
export interface JobThreadResult {
  readonly exitCode: ExitCode;
  /** Without those of the engine, which are in the progress. */
  readonly events: readonly JobEvent[];
  readonly progress: Progress;
}

/** Runs a job thread to its end: results to standard output, progress, warnings and errors to standard error, Ctrl-C cancels. */
export async function runJobThread(
  environment: Environment,
  task: ThreadTask,
  verbose: boolean,
): Promise<JobThreadResult> {
  const progress = new Progress(environment, { lines: task.type === 'module' || task.action.type === 'run' });
  const interrupt = interruptible(environment, (line) => progress.note(line));
  const events: JobEvent[] = [];
  const onEvent = (event: JobEvent) => {
    if (event.type === 'engine') return progress.onEvent(event.event);
    events.push(event);
    if (event.type === 'session-started') for (const warning of event.warnings) progress.note(`warning: ${warning}`);
    if (event.type === 'output-shown') void progress.print(event.text.endsWith('\n') ? event.text : `${event.text}\n`);
  };
  const thread = environment.startJob(task);
  interrupt.signal.addEventListener('abort', () => thread.cancel('cancelled by Ctrl-C'));
  try {
    const report = await thread.run((message) => {
      if (message.type === 'event') onEvent(message.event);
      else if (message.type === 'text') void progress.print(message.text);
    });
    progress.stop();
    if (interrupt.signal.aborted) return { exitCode: ExitCode.interrupted, events, progress };
    if (report) environment.stderr.write(reportText(report, verbose));
    return { exitCode: report ? exitCodeOf(report.code) : ExitCode.done, events, progress };
  } finally {
    progress.stop();
    interrupt.end();
  }
}
