import { isKilnError, KilnError, Settings } from '@kiln/base';

/** A setting and where it was set: `--executor-memory`, `conf/spark-defaults.conf:3`, `job.yaml`. */
export interface ConfEntry {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}

/** The settings that count, by name: a later layer wins over an earlier one, within a layer the last entry. */
export function effective(layers: readonly (readonly ConfEntry[])[]): ReadonlyMap<string, ConfEntry> {
  return new Map(layers.flat().map((entry) => [entry.name, entry]));
}

export function confOf(entries: ReadonlyMap<string, ConfEntry>): Readonly<Record<string, string>> {
  return Object.fromEntries([...entries.values()].map(({ name, value }) => [name, value]));
}

/** Errors: KILN_SETTINGS_VALUE that names all bad values and where they were set. */
export function checkValues(entries: ReadonlyMap<string, ConfEntry>): void {
  const problems = [...entries.values()].flatMap((entry) => problemOf(entry) ?? []);
  const [first] = problems;
  if (first === undefined) return;
  const message =
    problems.length === 1
      ? first.message
      : `${problems.length} settings have bad values:\n${problems.map((problem) => `- ${problem.message}`).join('\n')}`;
  throw new KilnError('KILN_SETTINGS_VALUE', message, {
    ...(problems.length === 1 && first.hint !== null ? { hint: first.hint } : {}),
  });
}

function problemOf({ name, value, origin }: ConfEntry): { message: string; hint: string | null } | undefined {
  try {
    Settings.from({ [name]: value });
    return undefined;
  } catch (error) {
    if (!isKilnError(error)) throw error;
    return { message: `${origin}: ${error.message}`, hint: error.hint };
  }
}
