import type { Session } from '../session/session.ts';

/** What `kiln submit` tells the sessions that a program makes in its thread. */
export interface Submission {
  /** Flags and files; what the program's code says wins over them. */
  readonly conf: Readonly<Record<string, string>>;
  /** Hears of unknown settings and the like, where a session says nothing else. */
  onWarning?(warning: string): void;
  /** Hears of every session. */
  onSession?(session: Session): void;
  /** Hears of its end before it comes. */
  onStopping?(session: Session): void;
}

/** Known to every copy of this package that the program may load. */
const key = Symbol.for('kiln.submission');
type Holder = { [key]?: Submission | undefined };

/** For whoever runs a program: from now on sessions of this thread start with these settings. */
export function setSubmission(submission: Submission | undefined): void {
  (globalThis as Holder)[key] = submission;
}

export function currentSubmission(): Submission | undefined {
  return (globalThis as Holder)[key];
}
