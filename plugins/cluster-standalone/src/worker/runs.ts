import type { WorkerId } from '@kiln/base';
import type { DriverDescription, DriverLaunch, ExecutorLaunch } from '@kiln/contracts/cluster-manager';
import { type Child, startChild, startExecutor } from '@kiln/launcher';
import { overheadBytes } from '../shared/memory-limits.ts';
import type { DriverReport, ExecutorReport } from '../shared/reports.ts';
import { driverExit, executorExit } from './executor-exit.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { RunningProcess } from './running-process.ts';
import type { WorkDirectory } from './work-directory.ts';

/** What a worker runs, or has run and the master has not taken note of its end. */
export interface Run<Report extends ExecutorReport | DriverReport = ExecutorReport | DriverReport> {
  report: Report;
  /** `undefined`: it never ran. */
  process: RunningProcess | undefined;
}

export interface RunsOptions {
  readonly workerId: WorkerId;
  /** Under which others reach this machine. */
  readonly host: string;
  readonly work: WorkDirectory;
  readonly memory: MemoryWatch;
  /** Main file of @kiln/executor. */
  readonly executorMain: string;
  /** Main file of a driver: it finds a DriverLaunch in its environment. */
  readonly driverMain: string;
  /** URL of all masters, and the cluster's secret, for drivers. */
  readonly master: string;
  readonly secret: string;
  readonly executorGraceMillis: number;
  /** `spark.worker.driverTerminateTimeout`. */
  readonly driverGraceMillis: number;
  /** Something runs or has ended. */
  readonly onChange: (run: Run) => void;
}

/** The environment variable that carries a DriverLaunch. */
export const driverLaunchVariable = 'KILN_DRIVER';

export interface ExecutorOrder {
  readonly applicationId: string;
  readonly executorId: ExecutorReport['executorId'];
  readonly resources: ExecutorReport['resources'];
  /** JSON of an ExecutorLaunch, to be filled in. */
  readonly launch: string;
  readonly overheadBytes: number;
}

/** The processes of a worker. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #executors = new Map<string, Run<ExecutorReport>>();
  readonly #drivers = new Map<string, Run<DriverReport>>();

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  #isStopping = false;

  get executors(): readonly Run<ExecutorReport>[] {
    return [...this.#executors.values()];
  }

  get drivers(): readonly Run<DriverReport>[] {
    return [...this.#drivers.values()];
  }

  /** Whether something of this application, or this driver, runs. */
  isUsed(owner: string): boolean {
    const runs = [...this.#executors.values(), ...this.#drivers.values()];
    return runs.some(({ report }) => ownerOf(report) === owner && report.state.type === 'running');
  }

  launchExecutor(order: ExecutorOrder): void {
    const { applicationId, executorId, resources } = order;
    const key = `${applicationId}/${executorId}`;
    if (this.#executors.has(key)) return;
    const report: ExecutorReport = { applicationId, executorId, resources, state: { type: 'running' } };
    const run: Run<ExecutorReport> = { report, process: undefined };
    this.#executors.set(key, run);
    if (this.#isStopping) return this.#changed(run, { ...report, state: comesTooLate });
    try {
      const { host, work, executorMain } = this.#options;
      const launch = fillIn(order, host);
      const folder = work.folder(applicationId, executorId);
      const child = startExecutor({ main: executorMain, launch, directory: folder });
      run.process = this.#follow('executor', child, folder, resources, order.overheadBytes, launch.localDirs);
    } catch (error) {
      const reason = `it could not be started: ${messageOf(error)}`;
      this.#changed(run, { ...report, state: { type: 'exited', outcome: 'failed', reason, causedByApp: false } });
      return;
    }
    this.#options.onChange(run);
    void run.process.ended.then((end) =>
      this.#changed(run, { ...report, state: executorExit(end, end.exit.code !== null || end.exit.signal !== null) }),
    );
  }

  endExecutor(applicationId: string, executorId: string, reason: string): void {
    const run = this.#executors.get(`${applicationId}/${executorId}`);
    run?.process?.stop(reason, this.#options.executorGraceMillis);
  }

  async launchDriver(driverId: DriverReport['driverId'], attempt: number, description: DriverDescription) {
    const key = `${driverId}/${attempt}`;
    if (this.#drivers.has(key)) return;
    const report: DriverReport = { driverId, attempt, description, state: { type: 'running' } };
    const run: Run<DriverReport> = { report, process: undefined };
    this.#drivers.set(key, run);
    if (this.#isStopping)
      return this.#changed(run, {
        ...report,
        state: { type: 'exited', outcome: 'error', message: 'its worker stops' },
      });
    try {
      const { work, driverMain, master, secret } = this.#options;
      const folder = work.folder(driverId, String(attempt));
      await work.write(folder, description.files);
      // Its files are in its directory; an environment variable holds no more than 128 KiB.
      const launch: DriverLaunch = { driverId, attempt, description: { ...description, files: [] }, master, secret };
      const child = startChild({
        args: [driverMain, driverId, String(attempt)],
        environment: { [driverLaunchVariable]: JSON.stringify(launch) },
        directory: folder,
      });
      const { resources, conf } = description;
      const overhead = overheadBytes('driver', resources.memoryBytes, conf);
      run.process = this.#follow('driver', child, folder, resources, overhead, []);
    } catch (error) {
      const message = `it could not be started: ${messageOf(error)}`;
      this.#changed(run, { ...report, state: { type: 'exited', outcome: 'error', message } });
      return;
    }
    this.#options.onChange(run);
    void run.process.ended.then((end) =>
      this.#changed(run, { ...report, state: driverExit(end, end.exit.code !== null || end.exit.signal !== null) }),
    );
  }

  endDriver(driverId: string, attempt: number, reason: string): void {
    this.#drivers.get(`${driverId}/${attempt}`)?.process?.stop(reason, this.#options.driverGraceMillis);
  }

  /** The master knows that it has ended. */
  forget(run: Run): void {
    if (run.report.state.type === 'running') return;
    const { report } = run;
    if ('executorId' in report) this.#executors.delete(`${report.applicationId}/${report.executorId}`);
    else this.#drivers.delete(`${report.driverId}/${report.attempt}`);
  }

  /** Ends everything; resolves when it is gone. */
  async stop(reason: string): Promise<void> {
    this.#isStopping = true;
    for (const { process } of this.#executors.values()) process?.stop(reason, this.#options.executorGraceMillis);
    for (const { process } of this.#drivers.values()) process?.stop(reason, this.#options.driverGraceMillis);
    await Promise.all([...this.#executors.values(), ...this.#drivers.values()].map(({ process }) => process?.ended));
  }

  #follow(
    role: 'executor' | 'driver',
    child: Child,
    folder: string,
    resources: ExecutorReport['resources'],
    overhead: number,
    localDirs: readonly string[],
  ): RunningProcess {
    const { memory, work } = this.#options;
    return new RunningProcess({ role, child, folder, resources, overheadBytes: overhead, localDirs, memory, work });
  }

  #changed<Report extends ExecutorReport | DriverReport>(run: Run<Report>, report: Report): void {
    run.report = report;
    this.#options.onChange(run as Run);
  }
}

const comesTooLate = { type: 'exited', outcome: 'ended', reason: 'its worker stops', causedByApp: false } as const;

const ownerOf = (report: ExecutorReport | DriverReport): string =>
  'applicationId' in report ? report.applicationId : report.driverId;

/** What is this executor's own, in what its application says of all. */
function fillIn(order: ExecutorOrder, host: string): ExecutorLaunch {
  const template = JSON.parse(order.launch) as ExecutorLaunch;
  const { applicationId, executorId, resources } = order;
  return { ...template, applicationId, executorId, ...resources, host };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
