import { readHistory } from '@kiln/host/event-log';
import type { Environment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import { historyText } from '../history/history-text.ts';

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
  const history = await readHistory(file);
  const text = format === 'json' ? `${JSON.stringify(history)}\n` : historyText(history, verbose);
  await new Promise<void>((resolve) => environment.stdout.write(text, () => resolve()));
  return ExitCode.done;
}
