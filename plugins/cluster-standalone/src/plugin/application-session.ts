import { create } from '@bufbuild/protobuf';
import { type Clock, isKilnError, KilnError } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import {
  ApplicationEndingSchema,
  type ApplicationFrame,
  ApplicationFrameSchema,
  ApplicationState,
  ReleaseExecutorsSchema,
} from '@kiln/rpc/cluster';
import { type MasterClient, type MasterLinkOptions, staleMaster, withMaster } from '../shared/master-link.ts';
import { Outbox } from '../shared/outbox.ts';
import { Pauses, pause } from '../shared/pauses.ts';
import type { ApplicationMessage, ApplicationRegistration, ExecutorWants } from '../shared/reports.ts';
import { fromNews, toRegistration, toWants } from '../wire/applications.ts';

export interface ApplicationSessionOptions {
  readonly link: MasterLinkOptions;
  /** The application as it is now: said to each master anew. */
  readonly registration: () => ApplicationRegistration;
  /** JSON of an ExecutorLaunch, and the memory beside it. */
  readonly template: () => { readonly launch: string; readonly overheadBytes: number };
  readonly onMessage: (message: ApplicationMessage) => void;
  /** A master has accepted the application, or is gone. */
  readonly onConnected: (isConnected: boolean) => void;
  /** Without any master for so long at the start the application gives up. */
  readonly patienceMillis: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a master may take to hear that the application ends. */
const goodbyeMillis = 3_000;

/** An application's connection to its cluster: it outlives masters, and while there is none the application goes on with what it has. */
export class ApplicationSession {
  /** When a master has accepted the application. Rejects when none does in time, or all refuse the secret. */
  readonly registered: Promise<void>;
  readonly #options: ApplicationSessionOptions;
  readonly #stop = new AbortController();
  readonly #registered = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #outbox: Outbox<ApplicationFrame> | undefined;
  #term = 0n;
  #isStopping = false;
  #wasWelcome = false;
  #hasWarned = false;

  constructor(options: ApplicationSessionOptions) {
    this.#options = options;
    this.registered = this.#registered.promise;
    this.registered.catch(() => {});
    this.#ended = this.#live();
  }

  want(wants: ExecutorWants): void {
    this.#say({ case: 'wants', value: toWants(wants) });
  }

  release(executorIds: readonly string[]): void {
    this.#say({ case: 'release', value: create(ReleaseExecutorsSchema, { executorIds: [...executorIds] }) });
  }

  /** The application ends. */
  async stop(): Promise<void> {
    if (this.#isStopping) return this.#ended;
    this.#say({ case: 'ending', value: create(ApplicationEndingSchema, { outcome: ApplicationState.FINISHED }) });
    this.#outbox?.close();
    const patience = new AbortController();
    this.#isStopping = true;
    await Promise.race([
      this.#outbox === undefined ? undefined : this.#ended,
      pause(this.#options.clock, goodbyeMillis, patience.signal),
    ]);
    patience.abort();
    this.#stop.abort(new KilnError('KILN_APPLICATION_STOPPED', 'The application ends'));
    return this.#ended;
  }

  async #live(): Promise<void> {
    const { link, clock, logger, patienceMillis } = this.#options;
    const { signal } = this.#stop;
    const pauses = new Pauses(200, 3_000);
    const begin = clock.now();
    while (!signal.aborted && !this.#isStopping) {
      try {
        await withMaster(link, signal, (client) =>
          this.#attach(client, () => {
            pauses.reset();
            if (this.#wasWelcome) logger.warn({}, 'a master answers again and has registered the application');
            this.#wasWelcome = true;
            this.#hasWarned = false;
            this.#registered.resolve();
            this.#options.onConnected(true);
          }),
        );
      } catch (error) {
        if (signal.aborted || this.#isStopping) return;
        if (this.#isHopeless(error, clock.now() - begin)) return this.#registered.reject(error);
        if (!this.#hasWarned) {
          const text = `no master answers yet; it is tried for ${patienceMillis / 1000} s`;
          logger.warn({ reason: messageOf(error) }, this.#wasWelcome ? lostText : text);
        }
        this.#hasWarned = true;
      }
      await pause(clock, pauses.next(), signal);
    }
  }

  /** An application that has run once goes on for as long as it has executors. */
  #isHopeless(error: unknown, waitedMillis: number): boolean {
    if (this.#wasWelcome) return false;
    return (isKilnError(error) && error.code === 'KILN_RPC_SECRET') || waitedMillis > this.#options.patienceMillis;
  }

  async #attach(client: MasterClient, onWelcome: () => void): Promise<void> {
    const outbox = new Outbox<ApplicationFrame>();
    const { registration, template, onMessage } = this.#options;
    const { launch, overheadBytes } = template();
    const value = toRegistration(registration(), { launch, overheadBytes: BigInt(Math.floor(overheadBytes)) });
    outbox.push(create(ApplicationFrameSchema, { body: { case: 'register', value } }));
    // Wants that change from now on follow the registration.
    this.#outbox = outbox;
    try {
      for await (const news of client.attachApplication(outbox, { signal: this.#stop.signal })) {
        if (news.body.case === 'welcome') {
          const { term } = news.body.value;
          if (term > 0n && term < this.#term) throw staleMaster();
          this.#term = term;
          onWelcome();
        }
        const message = fromNews(news);
        if (message !== undefined) onMessage(message);
      }
    } finally {
      outbox.close();
      if (this.#outbox === outbox) this.#outbox = undefined;
      this.#options.onConnected(false);
    }
    throw new KilnError('KILN_MASTER_GONE', 'The master closed the connection');
  }

  #say(body: NonNullable<ApplicationFrame['body']>): void {
    this.#outbox?.push(create(ApplicationFrameSchema, { body }));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const lostText = 'the master is gone; the application goes on with the executors it has, and looks for a master';
