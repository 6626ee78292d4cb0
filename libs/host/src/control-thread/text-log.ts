/** What people need not see in a line: it is in the JSON form. */
const left = new Set(['level', 'time', 'msg', 'error', 'reason', 'hint', 'code', 'pid', 'hostname']);
const words: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warning', 50: 'error', 60: 'error' };

/** A line of the structured log as a sentence: `warning: an executor was lost: it ended with signal SIGKILL (executor 2)`. */
export function textLine(json: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { level, msg, reason, error } = fields;
  const why = typeof reason === 'string' ? reason : (error as { readonly message?: unknown } | undefined)?.message;
  const said = String(msg);
  const because = typeof why === 'string' && !said.includes(why) ? `: ${why}` : '';
  const about = Object.entries(fields).flatMap(([name, value]) =>
    left.has(name) || typeof value === 'object' || said.includes(String(value)) ? [] : [`${name} ${String(value)}`],
  );
  const concerning = about.length > 0 ? ` (${about.join(', ')})` : '';
  return `${words[Number(level)] ?? 'log'}: ${said}${because}${concerning}\n`;
}
