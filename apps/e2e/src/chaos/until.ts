import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is not `undefined`. Errors: names what did not come, with `seen` at the end. */
export async function until<T>(
  what: string,
  millis: number,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + millis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${millis / 1000} s`);
    await sleep(20);
  }
}

/** The promise, or an error after a while; the promise goes on. */
export async function within<T>(what: string, millis: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what}: not within ${millis / 1000} s`)), millis);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
