import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects the garbage of this thread's heap now, so that what nobody holds is finalized. */
export function collectGarbage(): void {
  // Node has no other way to it from inside a program: the flag makes `gc` appear in contexts that are made from then on.
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
