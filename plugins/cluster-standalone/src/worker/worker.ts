import { create } from '@bufbuild/protobuf';
import { type Clock, isKilnError, KilnError, systemClock, type WorkerId } from '@kiln/base';
import type { ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { Logger } from '@kiln/contracts/plugin';
import type { ClientTls, RpcLimits } from '@kiln/rpc';
import { type WorkerFrame, WorkerFrameSchema, type WorkerOrder } from '@kiln/rpc/cluster';
import { type MasterClient, staleMaster, withMaster } from '../shared/master-link.ts';
import { type MasterAddress, masterUrl } from '../shared/master-url.ts';
import { Outbox } from '../shared/outbox.ts';
import { Pauses, pause } from '../shared/pauses.ts';
import type { ExecutorReport } from '../shared/reports.ts';
import { fromResources, id, present } from '../wire/common.ts';
import { fromDescription, toDriverReport } from '../wire/drivers.ts';
import { toExecutorReport, toWorkerRegistration } from '../wire/workers.ts';
import { MemoryWatch } from './memory-watch.ts';
import { type Run, Runs } from './runs.ts';
import { WorkDirectory } from './work-directory.ts';

export interface WorkerConfig {
  readonly id: WorkerId;
  readonly masters: readonly MasterAddress[];
  readonly secret: string;
  readonly tls: ClientTls | null;
  readonly limits?: Partial<RpcLimits>;
  /** Under which others reach this machine; executors listen there. */
  readonly host: string;
  readonly resources: ExecutorResources;
  readonly workDirectory: string;
  readonly executorMain: string;
  readonly driverMain: string;
  readonly executorGraceMillis: number;
  readonly driverGraceMillis: number;
  /** `spark.worker.cleanup.*`; `null`: nothing is removed. */
  readonly cleanup: { readonly intervalMillis: number; readonly maxAgeMillis: number } | null;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly onRegistered?: (master: string) => void;
  /** No master answers; it goes on trying. */
  readonly onWaiting?: (error: KilnError) => void;
}

/** How long the master may take to hear that a worker ends. */
const goodbyeMillis = 3_000;

/** The process of a worker: does what the master says, and goes on running what it runs while there is none. */
export class Worker {
  /** Resolves when it was stopped; rejects when the masters refuse its secret. */
  readonly ended: Promise<void>;
  readonly #config: WorkerConfig;
  readonly #clock: Clock;
  readonly #work: WorkDirectory;
  readonly #runs: Runs;
  readonly #stop = new AbortController();
  /** The stream to the master that was welcomed last. */
  #session: WorkerSession | undefined;
  #replaces: readonly WorkerId[];
  /** The highest term of a master that was seen. */
  #term = 0n;
  #stopped: Promise<void> | undefined;

  private constructor(config: WorkerConfig, work: WorkDirectory, replaces: readonly WorkerId[]) {
    this.#config = config;
    this.#clock = config.clock ?? systemClock;
    this.#work = work;
    this.#replaces = replaces;
    this.#runs = new Runs({
      workerId: config.id,
      host: config.host,
      work: this.#work,
      memory: new MemoryWatch(this.#clock),
      executorMain: config.executorMain,
      driverMain: config.driverMain,
      master: masterUrl(config.masters),
      secret: config.secret,
      executorGraceMillis: config.executorGraceMillis,
      driverGraceMillis: config.driverGraceMillis,
      onChange: (run) => this.#session?.report(run),
    });
    this.ended = this.#live();
    this.ended.catch(() => {});
  }

  /** Takes the work directory over from workers that died; errors are those of the file system. */
  static async start(config: WorkerConfig): Promise<Worker> {
    const work = new WorkDirectory(config.workDirectory);
    return new Worker(config, work, await work.takeOver(config.id));
  }

  /** Ends what it runs, then itself. */
  stop(): Promise<void> {
    this.#stopped ??= this.#leave();
    return this.#stopped;
  }

  async #leave(): Promise<void> {
    this.#session?.stopping();
    await this.#runs.stop('its worker was stopped');
    this.#session?.end();
    // A master that does not answer is not waited for.
    const patience = new AbortController();
    await Promise.race([this.#session?.closed, pause(this.#clock, goodbyeMillis, patience.signal)]);
    patience.abort();
    this.#stop.abort(new KilnError('KILN_WORKER_STOPPED', 'The worker was stopped'));
    await this.ended.catch(() => {});
    await this.#work.leave(this.#config.id);
  }

  async #live(): Promise<void> {
    const stopCleaning = this.#clean();
    const pauses = new Pauses(500, 5_000);
    const { signal } = this.#stop;
    let wasWelcome = false;
    try {
      while (!signal.aborted) {
        try {
          await withMaster(this.#config, signal, (client) =>
            this.#attach(client, () => {
              wasWelcome = true;
              pauses.reset();
            }),
          );
        } catch (error) {
          if (signal.aborted || this.#stopped !== undefined) break;
          if (!wasWelcome && isKilnError(error) && error.code === 'KILN_RPC_SECRET') throw error;
          if (isKilnError(error)) this.#config.onWaiting?.(error);
          else this.#config.logger.warn({ error }, 'the connection to the master broke');
        }
        await pause(this.#clock, pauses.next(), signal);
      }
    } finally {
      stopCleaning();
    }
  }

  /** One stream to one master, until it ends. */
  async #attach(client: MasterClient, onWelcome: () => void): Promise<void> {
    const session = new WorkerSession(this.#runs, this.#clock);
    session.say({ case: 'register', value: this.#registration(session) });
    try {
      for await (const order of client.attachWorker(session.outbox, { signal: this.#stop.signal })) {
        if (order.body.case === 'welcome') {
          const { term, heartbeatMillis } = order.body.value;
          if (term > 0n && term < this.#term) throw staleMaster();
          this.#term = term;
          this.#session = session;
          session.beat(heartbeatMillis);
          onWelcome();
          this.#config.onRegistered?.(masterUrl(this.#config.masters));
        } else this.#obey(order, session);
      }
    } finally {
      session.end();
      session.markClosed();
      if (this.#session === session && this.#stopped === undefined) this.#session = undefined;
    }
    throw new KilnError('KILN_MASTER_GONE', 'The master closed the connection');
  }

  #registration(session: WorkerSession) {
    const { id: workerId, host, resources } = this.#config;
    const { executors, drivers } = this.#runs;
    session.registered([...executors, ...drivers]);
    return toWorkerRegistration({
      ...{ id: workerId, host, resources, replaces: this.#replaces },
      executors: executors.map(({ report }) => report),
      drivers: drivers.map(({ report }) => report),
    });
  }

  #obey({ body }: WorkerOrder, session: WorkerSession): void {
    switch (body.case) {
      case 'acknowledged':
        if (body.value === 0n) this.#replaces = [];
        return session.acknowledged(body.value);
      case 'launchExecutor': {
        const { applicationId, executorId, resources, template } = body.value;
        const { launch, overheadBytes } = present(template, 'how an executor is started');
        return this.#runs.launchExecutor({
          applicationId: id(applicationId, 'application'),
          executorId: id<ExecutorReport['executorId']>(executorId, 'executor'),
          resources: fromResources(resources, 'an executor'),
          launch,
          overheadBytes: Number(overheadBytes),
        });
      }
      case 'endExecutor':
        return this.#runs.endExecutor(body.value.applicationId, body.value.executorId, body.value.reason);
      case 'launchDriver': {
        const { driverId, attempt, description } = body.value;
        void this.#runs.launchDriver(id(driverId, 'driver'), attempt, fromDescription(description));
        return;
      }
      case 'endDriver':
        return this.#runs.endDriver(body.value.driverId, body.value.attempt, body.value.reason);
      default:
        return;
    }
  }

  #clean(): () => void {
    const { cleanup, logger } = this.#config;
    if (cleanup === null) return () => {};
    let cancel = () => {};
    const again = () => {
      cancel = this.#clock.after(cleanup.intervalMillis, () => {
        this.#work
          .clean(cleanup.maxAgeMillis, this.#clock.now(), (owner) => this.#runs.isUsed(owner))
          .then((removed) => removed.length > 0 && logger.info({ removed }, 'removed old work directories'))
          .catch((error: unknown) => logger.warn({ error }, 'old work directories cannot be removed'))
          .finally(again);
      });
    };
    again();
    return () => cancel();
  }
}

/** What a worker says on one stream, and what of it the master has taken note of. */
class WorkerSession {
  readonly outbox = new Outbox<WorkerFrame>();
  readonly closed: Promise<void>;
  readonly #runs: Runs;
  readonly #clock: Clock;
  /** By the number of the report that said last how they are. */
  readonly #unacknowledged = new Map<Run, { number: bigint; hasEnded: boolean }>();
  #number = 0n;
  #cancelBeat: () => void = () => {};
  markClosed: () => void = () => {};

  constructor(runs: Runs, clock: Clock) {
    this.#runs = runs;
    this.#clock = clock;
    this.closed = new Promise((resolve) => {
      this.markClosed = resolve;
    });
  }

  say(body: NonNullable<WorkerFrame['body']>): void {
    this.outbox.push(create(WorkerFrameSchema, { body }));
  }

  /** The registration, number 0, says how they are. */
  registered(runs: readonly Run[]): void {
    for (const run of runs) this.#unacknowledged.set(run, { number: 0n, hasEnded: run.report.state.type === 'exited' });
  }

  report(run: Run): void {
    const { report } = run;
    this.#number += 1n;
    this.#unacknowledged.set(run, { number: this.#number, hasEnded: report.state.type === 'exited' });
    const what =
      'executorId' in report
        ? ({ case: 'executor', value: toExecutorReport(report) } as const)
        : ({ case: 'driver', value: toDriverReport(report) } as const);
    this.outbox.push(create(WorkerFrameSchema, { body: { case: 'report', value: { number: this.#number, what } } }));
  }

  acknowledged(upTo: bigint): void {
    for (const [run, { number, hasEnded }] of [...this.#unacknowledged]) {
      if (number > upTo) continue;
      this.#unacknowledged.delete(run);
      if (hasEnded) this.#runs.forget(run);
    }
  }

  beat(everyMillis: number): void {
    this.#cancelBeat = this.#clock.after(everyMillis, () => {
      this.outbox.push(create(WorkerFrameSchema, { body: { case: 'heartbeat', value: {} } }));
      this.beat(everyMillis);
    });
  }

  stopping(): void {
    this.outbox.push(create(WorkerFrameSchema, { body: { case: 'stopping', value: {} } }));
  }

  end(): void {
    this.#cancelBeat();
    this.outbox.close();
  }
}
