import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseBytes, workerId } from '@kiln/base';
import type { Environment } from '../environment.ts';
import type { ExitCode } from '../exit-code.ts';
import { bytesText, countText } from '../report/units.ts';
import { type DaemonFlags, daemonSettings, lineLogger, runDaemon } from '../standalone/daemon.ts';
import { executorMain } from '../standalone/executor-main.ts';
import { machineCores, workerMemoryBytes } from '../standalone/machine.ts';

/** Options of `kiln worker`. */
export interface WorkerFlags extends DaemonFlags {
  readonly cores?: number;
  readonly memory?: string;
  readonly workDir: string;
}

/** `kiln worker <master>`: runs until it is stopped. */
export async function workerCommand(environment: Environment, master: string, flags: WorkerFlags): Promise<ExitCode> {
  const { Worker, workerSettings } = await import('@kiln/cluster-standalone/worker');
  const { readClientTls } = await import('@kiln/rpc');
  const { clusterSecret, parseMasterUrl } = await import('@kiln/cluster-standalone/client');
  const masters = parseMasterUrl(master);
  const settings = await daemonSettings(environment, flags.conf);
  const secret = clusterSecret({
    file: flags.secretFile,
    conf: settings.entries(),
    environment: { HOME: environment.variable('HOME'), KILN_AUTH_SECRET: environment.variable('KILN_AUTH_SECRET') },
  });
  const logger = lineLogger(environment, flags.verbose);
  const cores = flags.cores ?? machineCores();
  const memoryBytes = flags.memory === undefined ? workerMemoryBytes() : parseBytes(flags.memory, 'MiB');
  const workDirectory = resolve(flags.workDir);
  const id = newWorkerId(new Date());
  if (isLoopback(flags.host) && !masters.every(({ host }) => isLoopback(host)))
    logger.warn({}, `executors of this worker listen at ${flags.host} only: --host says how other machines reach it`);
  let isWaiting = false;
  const worker = await Worker.start({
    ...{
      id,
      masters,
      secret,
      tls: readClientTls(settings),
      host: flags.host,
      resources: { cores, memoryBytes },
      workDirectory,
      logger,
    },
    executorMain: executorMain(),
    driverMain: fileURLToPath(new URL('../driver/main.js', import.meta.url)),
    ...workerSettings(settings),
    onRegistered: () => {
      isWaiting = false;
      const gives = `${countText(cores, 'core')}, ${bytesText(memoryBytes)}`;
      environment.stdout.write(`worker ${id} registered with ${master}: ${gives}; works in ${workDirectory}\n`);
    },
    onWaiting: (error) => {
      if (!isWaiting) logger.warn({ error }, 'no master; it is tried again until one answers');
      isWaiting = true;
    },
  });
  return runDaemon(environment, worker, 'worker');
}

/** As Spark's: time, host and process. */
function newWorkerId(now: Date) {
  const time = now.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return workerId(`worker-${time}-${hostname().replace(/[^\w.-]/g, '-')}-${process.pid}`);
}

const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[?::1\]?)$/i.test(host);
