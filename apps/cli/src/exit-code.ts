/** What the process ends with. */
export const ExitCode = {
  done: 0,
  /** A job or query failed. */
  failed: 1,
  /** The job file, an argument or a setting is wrong: nothing ran. */
  usage: 2,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** One of {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const usageCodes =
  /^KILN_(JOB_FILE|ARGUMENT|SETTINGS|MASTER_(UNKNOWN|URL)|PLUGIN|EVENT_LOG|SOURCE_(UNKNOWN|OPTIONS)|OUTPUT_FORMAT)/;

/** The exit code of a failure by its error code. */
export function exitCodeOf(errorCode: string): ExitCode {
  return usageCodes.test(errorCode) ? ExitCode.usage : ExitCode.failed;
}
