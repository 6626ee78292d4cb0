import { isKilnError, Settings } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import { defaultConf } from '../submit/conf-file.ts';

/** Options that the processes of a cluster share. */
export interface DaemonFlags {
  readonly conf: Readonly<Record<string, string>>;
  readonly host: string;
  readonly secretFile?: string;
  readonly verbose: boolean;
}

export interface Stoppable {
  /** Rejects when it cannot go on. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** `spark-defaults.conf` under the options. Errors: KILN_SETTINGS_*. */
export async function daemonSettings(environment: Environment, conf: Readonly<Record<string, string>>) {
  const { settings, warnings } = Settings.from({ ...(await defaultConf(environment)), ...conf });
  for (const { message } of warnings) environment.stderr.write(`warning: ${message}\n`);
  return settings;
}

/** A terminal's Ctrl-C may arrive twice, from the terminal and from the launcher. */
const sameMillis = 300;

/** Goes on until Ctrl-C or SIGTERM, which stops the process in an orderly way; a second one ends it at once. */
export async function runDaemon(environment: Environment, daemon: Stoppable, what: string): Promise<ExitCode> {
  let first: number | undefined;
  const interrupted = Promise.withResolvers<void>();
  const release = environment.onInterrupt(() => {
    const now = environment.now();
    if (first === undefined) {
      first = now;
      interrupted.resolve();
    } else if (now - first > sameMillis) environment.exit(ExitCode.interrupted);
  });
  // A port or a timer that is not waited for must not let it end.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await Promise.race([daemon.ended, interrupted.promise]);
    if (first !== undefined) environment.stderr.write(`${what} is stopping; Ctrl-C again ends it at once\n`);
    await daemon.stop();
    return ExitCode.done;
  } finally {
    clearInterval(alive);
    release();
  }
}

/** One line an event on standard error: time, what happened, and of an error its reason. */
export function lineLogger(environment: Environment, verbose: boolean): Logger {
  const write = (level: string, { error }: { readonly error?: unknown }, message: string) => {
    const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
    const reason = error === undefined || messageOf(error) === message ? '' : `: ${messageOf(error)}`;
    environment.stderr.write(`${time} ${level}${message}${reason}\n`);
  };
  return {
    debug: (fields, message) => verbose && write('', fields, message),
    info: (fields, message) => write('', fields, message),
    warn: (fields, message) => write('warning: ', fields, withPeer(fields, message)),
    error: (fields, message) => write('error: ', fields, message),
  };
}

/** Who was refused, and why. */
function withPeer(fields: Readonly<Record<string, unknown>>, message: string): string {
  const { peer, reason } = fields;
  return [
    message,
    ...(peer === undefined ? [] : [`from ${peer}`]),
    ...(reason === undefined ? [] : [`(${reason})`]),
  ].join(' ');
}

function messageOf(error: unknown): string {
  if (isKilnError(error)) return error.hint === null ? error.message : `${error.message}. ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
