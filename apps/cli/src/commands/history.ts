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
  files: readonly string[],
  { format, verbose }: HistoryOptions,
): Promise<ExitCode> {
  for (const [index, file] of files.entries()) {
    const history = await readHistory(file);
    const gap = index > 0 ? '\n' : '';
    const text = format === 'json' ? `${JSON.stringify(history)}\n` : `${gap}${historyText(history, verbose)}`;
    await new Promise<void>((resolve) => environment.stdout.write(text, () => resolve()));
  }
  return ExitCode.done;
}
