import { monitorEventLoopDelay } from 'node:perf_hooks';
import { errorToData, KilnError } from '@kiln/base';
import type { ExecutorLaunch } from '@kiln/contracts/cluster-manager';
import type { BlockTransport } from '@kiln/contracts/executor';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';
import { openTransport } from '@kiln/engine/executor';
import type { DriverMessage, Welcome } from '@kiln/rpc/executor';
import { createLogger } from '../control-thread/logger.ts';
import { Payloads } from '../executors/payloads.ts';
import { transportConfig } from '../executors/transport-config.ts';
import { noUsage } from '../executors/usage.ts';
import { type ComposedExecutor, composeExecutor, executorSettings } from './compose-executor.ts';
import { DriverLink } from './driver-link.ts';
import { takeLaunch } from './launch.ts';
import { TaskDesk } from './task-desk.ts';

/** How long what was said last may take to reach the driver. */
const farewellMillis = 1_000;

/** Runs this process as the executor that `KILN_EXECUTOR` describes, until the driver or a signal ends it. Resolves with the exit code. */
export async function runExecutor(): Promise<number> {
  // Whoever reads what this process writes may be gone: that must not keep it from cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  let logger = createLogger();
  let run: ExecutorRun | undefined;
  try {
    const launch = takeLaunch(process.env);
    logger = createLogger({ executor: launch.executorId });
    run = new ExecutorRun(launch, logger);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => run?.end(`signal ${signal}`));
    await run.talk();
    return 0;
  } catch (error) {
    const { code, message, hint, cause } = errorToData(error);
    logger.error({ code, hint, ...(cause === null ? {} : { cause: cause.message }) }, message);
    return 1;
  } finally {
    await run?.cleanUp();
  }
}

/** One executor from its registration to its end. */
class ExecutorRun {
  readonly #launch: ExecutorLaunch;
  readonly #logger: Logger;
  readonly #link: DriverLink;
  #transport: BlockTransport | undefined;
  #composed: ComposedExecutor | undefined;
  #desk: TaskDesk | undefined;
  #composing: Promise<void> | undefined;
  #stopBeats = () => {};
  #failure: unknown;

  constructor(launch: ExecutorLaunch, logger: Logger) {
    this.#launch = launch;
    this.#logger = logger;
    this.#link = new DriverLink({
      launch,
      logger,
      onWelcome: (welcome) => {
        this.#composing = this.#compose(welcome);
      },
      onMessage: (message) => this.#onMessage(message),
    });
  }

  async talk(): Promise<void> {
    const ended = await this.#link.run().catch((error: unknown) => ({ error }));
    await this.#composing;
    // What the driver says about it is not the reason.
    if (this.#failure !== undefined) throw this.#failure;
    if (ended !== undefined) throw ended.error;
  }

  end(reason: string): void {
    this.#logger.info({ reason }, 'the executor ends');
    void this.#link.close(farewellMillis);
  }

  async cleanUp(): Promise<void> {
    this.#stopBeats();
    await this.#composing;
    await this.#composed?.stop();
    await this.#transport?.close();
  }

  async #compose(welcome: Welcome): Promise<void> {
    try {
      const settings = executorSettings(welcome, this.#launch);
      this.#startBeats(settings);
      const transport = await this.#openTransport(settings);
      const payloads = new Payloads(transport);
      const composed = await composeExecutor(welcome, this.#launch, {
        settings,
        payloads,
        transport,
        logger: this.#logger,
      });
      this.#composed = composed;
      const { executor, maxDirectResultBytes, maxHashBuildBytes, plugins } = composed;
      this.#desk = new TaskDesk({
        executor,
        payloads,
        maxDirectResultBytes,
        send: (body) => this.#link.send(body),
      });
      if (composed.leaveSignal !== null) this.#leaveOn(composed.leaveSignal);
      this.#link.send({
        case: 'ready',
        value: {
          slots: executor.slots,
          maxHashBuildBytes: BigInt(maxHashBuildBytes),
          address: transport.address,
          plugins: { ...plugins },
        },
      });
    } catch (error) {
      this.#failure = error;
      const { code, message } = errorToData(error);
      this.#link.send({ case: 'failure', value: { code, message } });
      this.end('its parts cannot be composed');
    }
  }

  async #openTransport(settings: EngineSettings): Promise<BlockTransport> {
    const { applicationId, secret, tls, host, cores: slots } = this.#launch;
    const port = settings.get('spark.blockManager.port');
    const config = transportConfig(settings, { applicationId, secret, tls, bind: host, host, port, slots });
    const refused = 'a peer of the block transport was refused';
    this.#transport = await openTransport(config, (reason) => this.#logger.warn({ reason }, refused));
    return this.#transport;
  }

  #onMessage(message: DriverMessage): void {
    if (message.body.case === 'stop') return this.end(message.body.value.reason);
    this.#desk?.on(message);
  }

  /** The driver ends it when nothing of it is needed any more. */
  #leaveOn(signal: NodeJS.Signals): void {
    process.once(signal, () => {
      this.#logger.info({ signal }, 'the executor leaves when its tasks are done');
      this.#link.send({ case: 'leaving', value: { reason: `signal ${signal}` } });
    });
  }

  /** From the beginning: making the parts may take its time. */
  #startBeats(settings: EngineSettings): void {
    const maxFailures = settings.get('spark.executor.heartbeat.maxFailures');
    const delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
    let number = 0;
    const beat = () => {
      this.#link.beat({
        number: ++number,
        usage: JSON.stringify(this.#composed?.executor.usage() ?? noUsage),
        rssBytes: BigInt(process.memoryUsage.rss()),
        loopDelayMillis: Math.round(delay.max / 1e6),
      });
      delay.reset();
      if (number - this.#link.answeredHeartbeat > maxFailures) this.#driverIsSilent(maxFailures);
    };
    beat();
    const timer = setInterval(beat, settings.get('spark.executor.heartbeatInterval'));
    this.#stopBeats = () => {
      clearInterval(timer);
      delay.disable();
    };
  }

  #driverIsSilent(missed: number): void {
    this.#failure = new KilnError('KILN_DRIVER_LOST', `The driver answered none of ${missed} heartbeats`);
    this.end('the driver is silent');
  }
}
