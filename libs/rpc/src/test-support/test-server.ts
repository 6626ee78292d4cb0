import type { ServiceImpl } from '@connectrpc/connect';
import type { Logger } from '@kiln/contracts/plugin';
import { afterEach } from 'vitest';
import { type ConnectOptions, connect, type RpcConnection } from '../connection/client.ts';
import { type RpcServer, type ServeOptions, serve } from '../connection/server.ts';
import { DriverService } from '../generated/kiln/executor/v1/executor_pb.ts';

/** Keeps what is logged. */
export class TestLogger implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(fields: object, message: string): void {
    this.#add(fields, message);
  }
  warn(fields: object, message: string): void {
    this.#add(fields, message);
  }
  error(fields: object, message: string): void {
    this.#add(fields, message);
  }
  get text(): string {
    return this.lines.join('\n');
  }
  #add(fields: object, message: string): void {
    this.lines.push(`${message} ${JSON.stringify(fields)}`);
  }
}

export const secret = 'a secret of the tests';

/** Servers and connections of one test file; all are closed after each test. */
export class TestNetwork {
  readonly serverLog = new TestLogger();
  readonly clientLog = new TestLogger();
  #open: (() => unknown)[] = [];

  constructor() {
    afterEach(async () => {
      for (const close of this.#open.splice(0)) await close();
      this.serverLog.lines.length = 0;
      this.clientLog.lines.length = 0;
    });
  }

  /** Serves executors by `attach`. */
  async serve(
    attach: ServiceImpl<typeof DriverService>['attach'],
    options: Partial<ServeOptions> = {},
  ): Promise<RpcServer> {
    const server = await serve({
      routes: (router) => router.service(DriverService, { attach }),
      secretOf: (identity) => (identity === 'app' ? secret : undefined),
      logger: this.serverLog,
      ...options,
    });
    this.#open.push(() => server.close());
    return server;
  }

  async connect(
    server: RpcServer,
    options: Partial<ConnectOptions> & { readonly scheme?: string } = {},
  ): Promise<RpcConnection> {
    const url = `${options.scheme ?? 'http'}://${server.host}:${server.port}`;
    const connection = await connect(url, { identity: 'app', secret, logger: this.clientLog, ...options });
    this.#open.push(() => connection.close());
    return connection;
  }

  onEnd(close: () => unknown): void {
    this.#open.push(close);
  }
}
