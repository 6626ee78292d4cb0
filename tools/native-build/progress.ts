// What is compiled, and an estimate of what is left. Crates differ by two orders
// of magnitude, so they are weighed by measured seconds (weights.json).
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export interface CompilerArtifact {
  readonly reason: string;
  readonly package_id: string;
  readonly fresh: boolean;
  readonly target: { readonly kind: readonly string[] };
  readonly filenames: readonly string[];
}

interface Weights {
  readonly seconds: Readonly<Record<string, number>>;
}

const weights = JSON.parse(readFileSync(join(import.meta.dirname, 'weights.json'), 'utf8')) as Weights;
const LIGHT_CRATE_SECONDS = 1;
/** How long the guess "all cores are busy" outweighs what is measured. */
const TRUST_AFTER_SECONDS = 40;
const MOST_USEFUL_CORES = 6;

const weigh = (crate: string): number => weights.seconds[crate] ?? LIGHT_CRATE_SECONDS;

/** `path+file:///x/native/query#kiln-query@0.1.0`, `registry+…#serde@1.0.0`, `path+file:///x/kiln-query#0.1.0` */
export function crateName(packageId: string): string {
  const [source = '', fragment = ''] = packageId.split('#');
  return fragment.includes('@') ? (fragment.split('@')[0] ?? '') : (source.split('/').at(-1) ?? '');
}

/** Milliseconds as minutes and seconds: `3:07`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export class BuildProgress {
  readonly #all: ReadonlySet<string>;
  readonly #start: number;
  readonly #fresh = new Set<string>();
  readonly #built = new Set<string>();
  /** Crate -> when its compiler started. */
  readonly #running = new Map<string, number>();

  constructor(all: ReadonlySet<string>, start: number) {
    this.#all = all;
    this.#start = start;
  }

  started(crate: string, now: number): void {
    this.#running.set(crate, now);
  }

  finished({ package_id, fresh, target }: CompilerArtifact): void {
    // A build script comes before its crate: the crate is not done with it.
    if (target.kind.includes('custom-build')) return;
    const crate = crateName(package_id);
    this.#running.delete(crate);
    (fresh ? this.#fresh : this.#built).add(crate);
  }

  /** Seconds. */
  remaining(now: number): number {
    const sum = (crates: Iterable<string>) => [...crates].reduce((total, crate) => total + weigh(crate), 0);
    const left = [...this.#all].filter((crate) => !this.#fresh.has(crate) && !this.#built.has(crate));
    const seconds = (now - this.#start) / 1000;
    const guess = Math.min(availableParallelism(), MOST_USEFUL_CORES);
    // A crate at work counts by its time, never as quite done.
    let running = 0;
    for (const [crate, start] of this.#running) running += Math.min(weigh(crate) * 0.9, (now - start) / 1000);
    const rate = (sum(this.#built) + running + guess * TRUST_AFTER_SECONDS) / (seconds + TRUST_AFTER_SECONDS);
    return Math.max(0, sum(left) - running) / rate;
  }

  describe(now: number): string {
    const total = [...this.#all].filter((crate) => !this.#fresh.has(crate)).length;
    const left = this.remaining(now);
    const about = left < 60 ? 'less than a minute left' : `about ${Math.round(left / 60)} min left`;
    const heaviest = [...this.#running.keys()]
      .sort((a, b) => weigh(b) - weigh(a))
      .slice(0, 2)
      .join(', ');
    const compiling = heaviest && ` (${heaviest})`;
    return `${this.#built.size} of ${total} crates, ${elapsed(now - this.#start)} elapsed, ${about}${compiling}`;
  }
}
