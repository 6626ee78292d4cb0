import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/paths.ts';
import { until } from './until.ts';

/** How long a daemon may take until it is ready, on a machine that does other things too. */
const readyMillis = 60_000;
const secret = 'the secret of a cluster that is broken';

interface Daemon {
  readonly child: ChildProcess;
  readonly text: () => string;
}

/** `kiln master` and workers, each a process, in a folder of the run. */
export class StandaloneCluster {
  /** Settings of the applications on it. */
  readonly conf = { 'spark.authenticate.secret': secret };
  readonly #directory: string;
  readonly #cores: number;
  #master: Daemon | undefined;
  #workers: Daemon[] = [];
  #url = '';

  constructor(directory: string, cores: number) {
    this.#directory = directory;
    this.#cores = cores;
    mkdirSync(join(directory, 'home'), { recursive: true });
  }

  /** `kiln://host:port`. */
  get url(): string {
    return this.#url;
  }

  get masterPid(): number {
    return pidOf(this.#master, 'master');
  }

  workerPid(index: number): number {
    return pidOf(this.#workers[index], `worker ${index}`);
  }

  /** Started again, it has the port and the state of the one before. */
  async startMaster(): Promise<void> {
    const port = this.#url === '' ? '0' : this.#url.slice(this.#url.lastIndexOf(':') + 1);
    const args = ['--port', port, '--recovery-directory', join(this.#directory, 'state')];
    const master = this.#spawn('master', args);
    this.#master = master;
    const ready = /^master ready at (kiln:\/\/[^\s;]+)/m;
    this.#url = await until('the master is ready', readyMillis, () => ready.exec(master.text())?.[1]);
  }

  async startWorker(): Promise<void> {
    const args = [
      '--cores',
      String(this.#cores),
      '--memory',
      '2g',
      '--work-dir',
      join(this.#directory, 'work'),
      this.#url,
    ];
    const worker = this.#spawn('worker', args);
    this.#workers.push(worker);
    await until('a worker registers', readyMillis, () => /^worker \S+ registered/m.test(worker.text()) || undefined);
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    const daemons = [...this.#workers, ...(this.#master === undefined ? [] : [this.#master])];
    this.#workers = [];
    this.#master = undefined;
    for (const { child } of daemons) await ended(child);
  }

  #spawn(command: 'master' | 'worker', args: readonly string[]): Daemon {
    const child = spawn(process.execPath, [join(repository, 'apps/cli/bin/kiln.js'), command, ...args], {
      cwd: this.#directory,
      env: { ...process.env, HOME: join(this.#directory, 'home'), KILN_AUTH_SECRET: secret },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk;
      });
    }
    return { child, text: () => text };
  }
}

function pidOf(daemon: Daemon | undefined, name: string): number {
  if (daemon?.child.pid === undefined) throw new Error(`there is no ${name}`);
  return daemon.child.pid;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  // One that is stopped, or does not listen, ends all the same.
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exit;
  clearTimeout(timer);
}
