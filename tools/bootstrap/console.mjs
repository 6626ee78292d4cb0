// How bootstrap talks: numbered steps, each with its time.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** An error whose message is all that a person needs: no stack is printed. */
export class Explained extends Error {}

/** A child that failed after saying why: nothing is to be added. */
export class AlreadyTold extends Error {}

export function say(text) {
  console.log(`      ${text}`);
}

/**
 * Runs named steps in order. The first failure ends the list and gives exit code 1, but a step
 * marked `goOn` only leaves its name in `failures`, for the last step to count.
 */
export async function steps(title, list, failures = []) {
  for (const [index, [name, action, goOn = false]] of list.entries()) {
    console.log(`[${index + 1}/${list.length}] ${name}`);
    const start = Date.now();
    try {
      await action();
    } catch (error) {
      if (error instanceof AlreadyTold) return { code: 1, told: true };
      console.error(`kiln: ${title}: step "${name}" failed.`);
      console.error(error instanceof Explained ? error.message : (error?.stack ?? error));
      if (!goOn) return { code: 1, told: false };
      failures.push(name);
    }
    const seconds = (Date.now() - start) / 1000;
    if (seconds >= 2 && index < list.length - 1) say(`(${seconds.toFixed(0)} s)`);
  }
  return { code: 0, told: true };
}
