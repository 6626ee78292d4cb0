// One line that updates itself on a terminal; elsewhere a line every 15 seconds.
const QUIET_MS = 15_000;

export interface StatusLine {
  /** `now` prints it even where lines are rare. */
  show(text: string, now?: boolean): void;
  /** Prints a line of its own, above the status. */
  print(text: string): void;
  clear(): void;
}

export function statusLine(out: NodeJS.WriteStream = process.stdout, clock: () => number = Date.now): StatusLine {
  const wipe = out.isTTY ? '\r\u001b[2K' : '';
  let last = clock();
  return {
    show(text, now = false) {
      if (out.isTTY) out.write(`${wipe}      ${text.slice(0, (out.columns || 80) - 7)}`);
      else if (now || clock() - last >= QUIET_MS) {
        out.write(`      ${text}\n`);
        last = clock();
      }
    },
    print(text) {
      out.write(`${wipe}${text}\n`);
    },
    clear() {
      out.write(wipe);
    },
  };
}
