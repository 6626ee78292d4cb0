import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorToData, KilnError } from '@kiln/base';
import { Session } from '@kiln/client';
import { setSubmission } from '@kiln/client/submission';
import { type Report, reportOf } from '../report/report.ts';
import type { ModuleTask } from './messages.ts';
import type { TaskContext } from './run-task.ts';

/** What a module may export to be run: it gets a session that ends after it, and the arguments behind the file's name. */
type Application = (session: Session, args: readonly string[]) => unknown;

/**
 * Runs a program to its end: until its default export is done, if that is a function; else until nothing that its top level began is left.
 * Sessions that it forgot are stopped then.
 */
export async function runModule(task: ModuleTask, { post, signal }: TaskContext): Promise<void> {
  /** With what ends listening. */
  const sessions = new Map<Session, () => void>();
  const stopAll = () => Promise.allSettled([...sessions.keys()].map((session) => session.stop()));
  setSubmission({
    conf: task.conf,
    // They are among the events.
    onWarning: () => {},
    onSession(session) {
      const { appId, master, warnings } = session;
      post({ type: 'event', event: { type: 'session-started', appId, master, warnings } });
      const unlisten = session.listen((event) => post({ type: 'event', event: { type: 'engine', event } }));
      sessions.set(session, unlisten);
      if (signal.aborted) void session.stop();
    },
    // That its executors go is no news then.
    onStopping: (session) => sessions.get(session)?.(),
  });
  signal.addEventListener('abort', () => void stopAll());
  try {
    const { default: application } = await load(task.file);
    if (application !== undefined) await call(task, application);
    else await nothingIsLeft();
    await stopAll();
    post({ type: 'done' });
  } catch (error) {
    await stopAll();
    post({ type: 'failed', report: moduleReport(task.file, error) });
  }
}

async function load(file: string): Promise<{ readonly default?: unknown }> {
  return (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown };
}

async function call({ file, arguments: args }: ModuleTask, application: unknown): Promise<void> {
  if (typeof application !== 'function') {
    throw new KilnError('KILN_JOB_MODULE', `The default export of ${file} is no function`, {
      hint: 'Export the application, export default async (session, args) => { ... }, or nothing and let the top level run',
    });
  }
  await using session = await Session.create();
  await (application as Application)(session, args);
}

/** A forgotten session does not hold a thread. */
function nothingIsLeft(): Promise<void> {
  return new Promise((resolve) => process.once('beforeExit', () => resolve()));
}

/** What a program threw: an error of Kiln as it is, anything else as the module's. */
function moduleReport(file: string, error: unknown): Report {
  const data = errorToData(error);
  if (data.code !== 'KILN_INTERNAL' && !data.code.startsWith('ERR_')) return reportOf(data, null);
  return reportOf(errorToData(new KilnError('KILN_JOB_MODULE', `${file} failed`, { cause: error })), null);
}
