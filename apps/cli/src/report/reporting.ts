import { errorToData } from '@kiln/base';
import type { Environment } from '../environment.ts';
import { type ExitCode, exitCodeOf } from '../exit-code.ts';
import { reportOf, reportText } from './report.ts';

/** Runs a command; what it throws is told on standard error and is its exit code. */
export async function reporting(
  environment: Environment,
  verbose: boolean,
  command: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await command();
  } catch (error) {
    const data = errorToData(error);
    environment.stderr.write(reportText(reportOf(data, null), verbose));
    return exitCodeOf(data.code);
  }
}
