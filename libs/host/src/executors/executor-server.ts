import { type Clock, type ExecutorId, errorToData, executorId } from '@kiln/base';
import type { TaskResult } from '@kiln/contracts/executor';
import type { Logger } from '@kiln/contracts/plugin';
import { type Peer, peerKey, type RpcLimits, type RpcServer, type ServerTls, serve } from '@kiln/rpc';
import {
  type DriverFrameSchema,
  DriverService,
  type ExecutorFrame,
  type FileSpecSchema,
  type Hello,
  type MessageInitShape,
  type PluginSpec,
  type Ready,
  type Refusal,
  type WelcomeSchema,
} from '@kiln/rpc/executor';
import type { Payloads } from './payloads.ts';
import { RemoteExecutor } from './remote-executor.ts';
import { checkVersions, ownVersions, type Versions } from './versions.ts';

type DriverFrameInit = MessageInitShape<typeof DriverFrameSchema>;

/** What the server asks and tells of executors that come and go. */
export interface ExecutorEvents {
  /** `null`: welcome. */
  onHello(hello: { readonly id: ExecutorId; readonly incarnation: string; readonly resumes: boolean }): {
    readonly code: string;
    readonly message: string;
  } | null;
  onReady(executor: RemoteExecutor, ready: Ready, host: string): void;
  onHeard(id: ExecutorId): void;
  onDisconnected(id: ExecutorId, incarnation: string): void;
  onRejected(id: ExecutorId, reason: string): void;
  onResult(id: ExecutorId, result: TaskResult): void;
  /** It was told to leave. */
  onLeaving(id: ExecutorId, reason: string): void;
}

export interface ExecutorServerOptions {
  readonly applicationId: string;
  readonly secret: string;
  readonly host: string;
  readonly port: number;
  readonly tls: ServerTls | null;
  readonly limits: Partial<RpcLimits>;
  readonly conf: Readonly<Record<string, string>>;
  readonly plugins: readonly PluginSpec[];
  readonly bindings: Readonly<Record<string, string>>;
  readonly files: readonly MessageInitShape<typeof FileSpecSchema>[];
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Seat {
  readonly remote: RemoteExecutor;
  /** When it was last passed on that it lives (ms). */
  heardAt: number;
  /** Its streams so far: only the newest one counts. */
  streams: number;
  /** Ends the newest stream with a last word. */
  cut: (refusal: Refusal) => void;
}

/** An authenticated peer may take so long to say who it is. */
const helloMillis = 10_000;

/** That an executor lives need not be said more often. */
const heardMillis = 100;

/** Where executors register and stay connected. */
export class ExecutorServer {
  readonly #options: ExecutorServerOptions;
  readonly #events: ExecutorEvents;
  readonly #versions: Versions = ownVersions();
  readonly #seats = new Map<ExecutorId, Seat>();
  #server: RpcServer | undefined;

  private constructor(options: ExecutorServerOptions, events: ExecutorEvents) {
    this.#options = options;
    this.#events = events;
  }

  static async start(options: ExecutorServerOptions, events: ExecutorEvents): Promise<ExecutorServer> {
    const server = new ExecutorServer(options, events);
    server.#server = await serve({
      routes: (router) =>
        router.service(DriverService, {
          attach: (frames, { values, signal }) => server.#attach(frames, values.get(peerKey), signal),
        }),
      host: options.host,
      port: options.port,
      tls: options.tls,
      secretOf: (identity) => (identity === options.applicationId ? options.secret : undefined),
      limits: options.limits,
      logger: options.logger,
    });
    return server;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** It is lost: whatever it is doing, it is told so and heard no more. */
  fence(id: ExecutorId, reason: string): void {
    this.#seats.get(id)?.cut(refusal('KILN_EXECUTOR_FENCED', `Executor ${id} was declared lost: ${reason}`));
    this.#seats.delete(id);
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async *#attach(
    frames: AsyncIterable<ExecutorFrame>,
    peer: Peer | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<DriverFrameInit> {
    const reader = frames[Symbol.asyncIterator]();
    const impatience = setTimeout(() => peer?.disconnect(), helloMillis);
    const hello = (await reader.next().finally(() => clearTimeout(impatience))).value?.hello as Hello | undefined;
    if (hello === undefined || peer === undefined)
      return yield { refusal: refusal('KILN_RPC', 'it did not say hello') };
    const refused = this.#refusalOf(hello);
    if (refused !== null) {
      this.#options.logger.warn({ executor: hello.executorId, peer: peer.address, reason: refused.message }, 'refused');
      return yield { refusal: refused };
    }
    const id = executorId(hello.executorId);
    const seat = this.#seat(id, hello);
    const stream = ++seat.streams;
    yield { welcome: this.#welcome(hello) };
    const end = new AbortController();
    let last: Refusal | undefined;
    seat.cut = (reason) => {
      last = reason;
      end.abort();
    };
    void this.#read(reader, seat).finally(() => end.abort());
    try {
      yield* seat.remote.frames(AbortSignal.any([end.signal, signal, peer.closed]));
      if (last !== undefined) yield { refusal: last };
    } finally {
      if (last === undefined && stream === seat.streams) this.#events.onDisconnected(id, hello.incarnation);
    }
  }

  async #read(reader: AsyncIterator<ExecutorFrame>, seat: Seat): Promise<void> {
    const { remote } = seat;
    try {
      for (let next = await reader.next(); !next.done; next = await reader.next()) {
        if (this.#seats.get(remote.id) !== seat) return;
        this.#heard(seat);
        remote.receive(next.value);
      }
    } catch (error) {
      this.#options.logger.debug({ executor: remote.id, error }, 'the stream of an executor broke');
    }
  }

  #heard(seat: Seat): void {
    const now = this.#options.clock.now();
    if (now - seat.heardAt < heardMillis) return;
    seat.heardAt = now;
    this.#events.onHeard(seat.remote.id);
  }

  #refusalOf(hello: Hello): Refusal | null {
    const id = executorId(hello.executorId);
    if (hello.applicationId !== this.#options.applicationId)
      return refusal(
        'KILN_EXECUTOR_UNKNOWN',
        `This driver runs ${this.#options.applicationId}, not ${hello.applicationId}`,
      );
    try {
      checkVersions(id, this.#versions, hello.versions);
    } catch (error) {
      const { code, message, hint } = errorToData(error);
      this.#events.onRejected(id, message);
      return refusal(code, message, hint ?? '');
    }
    const refused = this.#events.onHello({ id, incarnation: hello.incarnation, resumes: hello.resumes });
    return refused && refusal(refused.code, refused.message);
  }

  #seat(id: ExecutorId, hello: Hello): Seat {
    const known = this.#seats.get(id);
    if (known?.remote.incarnation === hello.incarnation) return known;
    const { payloads, clock } = this.#options;
    const remote: RemoteExecutor = new RemoteExecutor({
      id,
      incarnation: hello.incarnation,
      payloads,
      clock,
      onReady: (ready) => this.#onReady(remote, ready, hello.host),
      onFailure: ({ message }) => this.#events.onRejected(id, `it could not start: ${message}`),
      onResult: (result) => this.#events.onResult(id, result),
      onLeaving: (reason) => this.#events.onLeaving(id, reason),
    });
    const seat: Seat = { remote, heardAt: 0, streams: 0, cut: () => {} };
    this.#seats.set(id, seat);
    return seat;
  }

  #onReady(remote: RemoteExecutor, ready: Ready, host: string): void {
    const wanted = Object.fromEntries(this.#options.plugins.map(({ id, version }) => [id, version]));
    try {
      checkVersions(remote.id, wanted, ready.plugins);
    } catch (error) {
      return this.#events.onRejected(remote.id, errorToData(error).message);
    }
    this.#events.onReady(remote, ready, host);
  }

  #welcome(hello: Hello): MessageInitShape<typeof WelcomeSchema> {
    const { conf, plugins, bindings, files, payloads } = this.#options;
    if (hello.resumes) return { resumed: true };
    return { conf, plugins: [...plugins], bindings, files: [...files], blobAddress: payloads.address };
  }
}

function refusal(code: string, message: string, hint = ''): Refusal {
  return { $typeName: 'kiln.executor.v1.Refusal', code, message, hint };
}
