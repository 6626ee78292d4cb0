import { randomUUID } from 'node:crypto';
import { isKilnError, KilnError } from '@kiln/base';
import type { ExecutorLaunch } from '@kiln/contracts/cluster-manager';
import type { Logger } from '@kiln/contracts/plugin';
import { Conversation, connect, type RpcConnection, type SequencedFrame } from '@kiln/rpc';
import {
  create,
  type DriverFrame,
  type DriverMessage,
  DriverService,
  type ExecutorFrameSchema,
  type ExecutorMessage,
  ExecutorMessageSchema,
  type HeartbeatSchema,
  type MessageInitShape,
  type Refusal,
  type Welcome,
} from '@kiln/rpc/executor';
import { payloadBytes } from '../executors/payloads.ts';
import { ownVersions } from '../executors/versions.ts';
import type { ExecutorBody } from './task-desk.ts';

type HeartbeatInit = MessageInitShape<typeof HeartbeatSchema>;

const frameBytes = 4 * 1024 * 1024;
/** Between two attempts to reach the driver. */
const retryMillis = 200;

export interface DriverLinkOptions {
  readonly launch: ExecutorLaunch;
  readonly logger: Logger;
  /** The first time that the driver accepts this executor. */
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onMessage: (message: DriverMessage) => void;
}

/** The executor's end of its conversation with the driver, over one connection after another. */
export class DriverLink {
  readonly #options: DriverLinkOptions;
  readonly #incarnation = randomUUID();
  readonly #conversation: Conversation<ExecutorMessage, DriverMessage, { heartbeat: HeartbeatInit }>;
  readonly #end = new AbortController();
  #heartbeat: HeartbeatInit = {};
  #welcomed = false;
  /** Heartbeats that were answered and that were sent. */
  #answered = 0;

  constructor(options: DriverLinkOptions) {
    this.#options = options;
    this.#conversation = new Conversation({
      onMessage: options.onMessage,
      weigh: ({ body }) => 512 + (body.case === 'taskEnded' ? payloadBytes(body.value.data) : 0),
      maxFrameBytes: frameBytes,
      extra: () => ({ heartbeat: this.#heartbeat }),
    });
  }

  send(body: ExecutorBody): void {
    this.#conversation.send(create(ExecutorMessageSchema, { body }));
  }

  beat(heartbeat: HeartbeatInit): void {
    this.#heartbeat = heartbeat;
    this.#conversation.nudge();
  }

  get answeredHeartbeat(): number {
    return this.#answered;
  }

  /** Nothing more is said; what was said is still delivered when the driver is there. */
  async close(patienceMillis: number): Promise<void> {
    const until = Date.now() + patienceMillis;
    while (this.#conversation.pending > 0 && Date.now() < until && !this.#end.signal.aborted)
      await new Promise((resolve) => setTimeout(resolve, 10));
    this.#end.abort();
  }

  /**
   * Talks until {@link close}. Errors: KILN_DRIVER_LOST (no driver for so long as `reconnectMillis`), KILN_RPC_SECRET, and the code of the
   * driver's refusal.
   */
  async run(): Promise<void> {
    const { launch, logger } = this.#options;
    let goneSince = Date.now();
    let last: unknown;
    while (!this.#end.signal.aborted) {
      try {
        const connection = await this.#connect();
        try {
          await this.#talk(connection);
        } finally {
          connection.close();
        }
        goneSince = Date.now();
        last = new Error('the connection was closed');
      } catch (error) {
        if (isFinal(error)) throw error;
        if (!(isKilnError(error) && error.code === 'KILN_RPC_CONNECT')) goneSince = Date.now();
        last = error;
      }
      if (this.#end.signal.aborted) return;
      if (Date.now() - goneSince >= launch.reconnectMillis) throw driverLost(launch, last);
      logger.info({ reason: last instanceof Error ? last.message : last }, 'no connection to the driver');
      await new Promise((resolve) => setTimeout(resolve, retryMillis));
    }
  }

  #connect(): Promise<RpcConnection> {
    const { launch, logger } = this.#options;
    return connect(launch.driverUrl, {
      identity: launch.applicationId,
      secret: launch.secret,
      tls: launch.tls,
      limits: {
        maxMessageBytes: launch.maxMessageBytes,
        silenceMillis: launch.networkTimeoutMillis,
        handshakeMillis: Math.max(1000, Math.min(10_000, launch.reconnectMillis)),
      },
      logger,
      signal: this.#end.signal,
    });
  }

  /** Until the connection is closed. */
  async #talk(connection: RpcConnection): Promise<void> {
    const over = AbortSignal.any([connection.closed, this.#end.signal]);
    const answers = connection.client(DriverService).attach(this.#frames(over), { signal: over });
    for await (const frame of answers) this.#onFrame(frame);
  }

  async *#frames(signal: AbortSignal): AsyncGenerator<MessageInitShape<typeof ExecutorFrameSchema>> {
    const { launch } = this.#options;
    yield {
      hello: {
        applicationId: launch.applicationId,
        executorId: launch.executorId,
        incarnation: this.#incarnation,
        host: launch.host,
        pid: process.pid,
        cores: launch.cores,
        versions: { ...ownVersions() },
        resumes: this.#welcomed,
      },
    };
    yield* this.#conversation.frames(signal);
  }

  #onFrame(frame: DriverFrame): void {
    if (frame.refusal !== undefined) throw refused(frame.refusal);
    if (frame.heartbeat > 0) this.#answered = frame.heartbeat;
    if (frame.welcome !== undefined && !this.#welcomed) {
      this.#welcomed = true;
      this.#options.onWelcome(frame.welcome);
    }
    this.#conversation.receive(frame satisfies SequencedFrame<DriverMessage>);
  }
}

/** What no other attempt would change. */
function isFinal(error: unknown): boolean {
  return isKilnError(error) && (error.code === 'KILN_RPC_SECRET' || error.code.startsWith('KILN_EXECUTOR_'));
}

function refused({ code, message, hint }: Refusal): KilnError {
  const known = code.startsWith('KILN_EXECUTOR_') ? code : 'KILN_EXECUTOR_REFUSED';
  return new KilnError(known, message, hint === '' ? {} : { hint });
}

function driverLost({ driverUrl, reconnectMillis }: ExecutorLaunch, cause: unknown): KilnError {
  return new KilnError('KILN_DRIVER_LOST', `The driver at ${driverUrl} has not been there for ${reconnectMillis} ms`, {
    cause,
    concerns: { driver: driverUrl },
  });
}
