import { errorToData } from '@kiln/base';
import { readHistory } from '@kiln/host/event-log';
import type { Environment } from '../environment.ts';
import { ExitCode, exitCodeOf } from '../exit-code.ts';
import { historyText } from '../history/history-text.ts';
import { reportOf, reportText } from '../report/report.ts';

/** Options of `kiln history show`. */
export interface HistoryOptions {
  readonly format: 'text' | 'json';
  readonly verbose: boolean;
}

/** `kiln history show app.jsonl.zst`. */
export async function historyShowCommand(
  environment: Environment,
  file: string,
  { format, verbose }: HistoryOptions,
): Promise<ExitCode> {
  try {
    const history = await readHistory(file);
    const text = format === 'json' ? `${JSON.stringify(history)}\n` : historyText(history, verbose);
    await new Promise<void>((resolve) => environment.stdout.write(text, () => resolve()));
    return ExitCode.done;
  } catch (error) {
    const data = errorToData(error);
    environment.stderr.write(reportText(reportOf(data, null), verbose));
    return exitCodeOf(data.code);
  }
}
