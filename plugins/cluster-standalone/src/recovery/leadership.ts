import { type Clock, KilnError } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import type { Terms } from './terms.ts';

export interface LeadershipOptions {
  readonly terms: Terms;
  /** Of this master, for the others' logs. */
  readonly url: string;
  /** A master that gave no sign for so long is replaced (`kiln.deploy.leaseTimeout`). */
  readonly leaseMillis: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another master waits or reigns: this one stands by. Called once. */
  readonly onStandby: (reigning: string) => void;
}

/** Signs are given so many times within a lease. */
const signsPerLease = 4;

/**
 * One master at a time among those that share a recovery directory. The reigning one renews a sign of life; a standby that has seen the
 * same sign for a whole lease, by its own clock, takes the next term. Clocks are never compared.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #ended = new AbortController();
  #term = 0;
  #signs = 0;
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Waits until this master reigns; gives its term. Rejects when `stop` is called first. */
  async acquire(): Promise<number> {
    const { terms, leaseMillis, clock, url } = this.#options;
    let seen: { readonly term: number; readonly sign: string | undefined; readonly since: number } | undefined;
    let isWaiting = false;
    for (;;) {
      this.#ended.signal.throwIfAborted();
      const term = await terms.last();
      if (term === 0 || (await terms.isOver(term))) {
        if (await this.#claim(term + 1)) return term + 1;
        continue;
      }
      const sign = await terms.sign(term);
      if (seen === undefined || seen.term !== term || seen.sign !== sign) seen = { term, sign, since: clock.now() };
      else if (clock.now() - seen.since >= leaseMillis && (await this.#claim(term + 1))) return term + 1;
      if (!isWaiting) {
        isWaiting = true;
        this.#options.onStandby((await terms.owner(term))?.url ?? url);
      }
      await this.#pause(leaseMillis / signsPerLease);
    }
  }

  /** Renews the lease until it is lost or given up; resolves with the reason when it is lost. */
  async hold(): Promise<string | undefined> {
    const { leaseMillis, clock, terms, logger } = this.#options;
    let renewed = clock.now();
    while (!this.#ended.signal.aborted) {
      try {
        const last = await terms.last();
        if (last > this.#term) return `another master (${(await terms.owner(last))?.url ?? 'unknown'}) took over`;
        await this.#sign();
        renewed = clock.now();
      } catch (error) {
        logger.warn({ error }, 'the sign of life of this master cannot be written');
        // Before others may think that it is dead.
        if (clock.now() - renewed > leaseMillis / 2)
          return `the recovery directory cannot be written: ${error instanceof Error ? error.message : String(error)}`;
      }
      await this.#pause(leaseMillis / signsPerLease).catch(() => {});
    }
    return undefined;
  }

  /** Whether a newer term has begun; asked before anything is done that cannot be taken back. */
  async isReplaced(): Promise<boolean> {
    return (await this.#options.terms.last()) > this.#term;
  }

  /** Lets a standby take over at once. */
  async stop(): Promise<void> {
    this.#ended.abort(new KilnError('KILN_MASTER_STOPPED', 'The master was stopped'));
    await this.#renewing.catch(() => {});
    if (this.#term > 0) await this.#options.terms.giveUp(this.#term).catch(() => {});
  }

  async #claim(term: number): Promise<boolean> {
    if (!(await this.#options.terms.claim(term, this.#options.url))) return false;
    this.#term = term;
    await this.#sign();
    return true;
  }

  async #sign(): Promise<void> {
    this.#signs += 1;
    this.#renewing = this.#options.terms.renew(this.#term, String(this.#signs));
    await this.#renewing;
  }

  #pause(millis: number): Promise<void> {
    const { signal } = this.#ended;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const cancel = this.#options.clock.after(millis, () => {
        signal.removeEventListener('abort', end);
        resolve();
      });
      const end = () => {
        cancel();
        reject(signal.reason);
      };
      signal.addEventListener('abort', end, { once: true });
    });
  }
}
