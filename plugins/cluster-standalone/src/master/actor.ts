import type { Clock } from '@kiln/base';
import type { MasterAction, MasterEvent } from './core/events.ts';
import type { MasterCore } from './core/master-core.ts';
import type { MasterSnapshot } from './core/snapshot.ts';

export interface ActorOptions {
  readonly core: MasterCore;
  readonly clock: Clock;
  /** Resolves when it is on disk; `null`: nothing is kept. */
  readonly save: ((snapshot: MasterSnapshot) => Promise<void>) | null;
  readonly perform: (action: MasterAction) => void;
  /** It could not be saved, or there is a mistake in here: this master must end. Called once. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The one owner of a core: events go through it in order, and what comes out is performed after the state that it stands on was saved.
 * Events that come while a state is being written share the next one.
 */
export class MasterActor {
  readonly #options: ActorOptions;
  #waiting: { readonly event: MasterEvent; readonly done: () => void }[] = [];
  #isRunning = false;
  #isStopped = false;

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /** Resolves when the event was taken note of for good; never after `stop`. */
  post(event: MasterEvent): Promise<void> {
    return new Promise((done) => {
      if (this.#isStopped) return;
      this.#waiting.push({ event, done });
      if (this.#isRunning) return;
      this.#isRunning = true;
      this.#run().catch((error: unknown) => {
        if (this.#isStopped) return;
        this.#isStopped = true;
        this.#options.onFailure(error);
      });
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  async #run(): Promise<void> {
    const { core, clock, save, perform } = this.#options;
    // One turn of the loop gathers what came together.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      const actions = batch.flatMap(({ event }) => core.step(event, clock.now()));
      if (save !== null && actions.some(({ type }) => type === 'persist')) await save(core.snapshot());
      if (this.#isStopped) return;
      for (const action of actions) perform(action);
      for (const { done } of batch) done();
    }
    this.#isRunning = false;
  }
}
