import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import type { TestEngine } from './engine.ts';
import { repository } from './paths.ts';
import { processesWith } from './traces.ts';

export const clusterSecret = 'the secret of a cluster of tests';

/** A process `kiln master` or `kiln worker`. */
export interface ClusterProcess {
  readonly pid: number;
  readonly text: { stdout: string; stderr: string };
  /** When it is gone: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends it, as Ctrl-C or `kill` do; resolves when it is gone. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface ClusterMaster extends ClusterProcess {
  readonly url: string;
}

/** Masters and workers of one test, in its folder; they are stopped after it, and nothing of them is left. */
export class ClusterProcesses {
  readonly #engine: TestEngine;
  #started: ClusterProcess[] = [];

  /** Given after the engine, whose sessions must end later than the cluster that they are on is needed. */
  constructor(engine: TestEngine) {
    this.#engine = engine;
    afterEach(async () => {
      const started = this.#started.splice(0);
      for (const one of started) await one.end('SIGTERM');
      // Executors and drivers have the folder of the test in no argument, but their worker has ended them by now.
      expect(processesWith(`${this.#engine.path('work')}`)).toEqual([]);
    });
  }

  /** Settings with which a session, or a `kiln` command, is taken for one of the cluster's. */
  readonly conf = { 'spark.authenticate.secret': clusterSecret };

  /** A master that is ready, or stands by. */
  async master(...args: readonly string[]): Promise<ClusterMaster> {
    const master = this.#start('master', ['--port', '0', ...args]);
    const ready = /^master (?:ready|stands by) at (kiln:\/\/[^\s;]+)/m;
    await expect.poll(() => master.text.stdout, { timeout: 20_000 }).toMatch(ready);
    return { ...master, url: ready.exec(master.text.stdout)?.[1] ?? '' };
  }

  /** A worker that has registered. */
  async worker(url: string, ...args: readonly string[]): Promise<ClusterProcess> {
    const worker = this.#start('worker', ['--cores', '1', '--memory', '2g', ...args, url]);
    await expect.poll(() => worker.text.stdout, { timeout: 20_000 }).toMatch(/^worker \S+ registered/m);
    return worker;
  }

  /** One that is expected to end by itself. */
  start(command: 'master' | 'worker', ...args: readonly string[]): ClusterProcess {
    return this.#start(command, args);
  }

  #start(command: string, args: readonly string[]): ClusterProcess {
    mkdirSync(this.#engine.path('home'), { recursive: true });
    const child = spawn(process.execPath, [join(repository, 'apps/cli/bin/kiln.js'), command, ...args], {
      cwd: this.#engine.path(),
      env: { ...process.env, HOME: this.#engine.path('home'), KILN_AUTH_SECRET: clusterSecret },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const process_ = asClusterProcess(child);
    this.#started.push(process_);
    return process_;
  }
}

function asClusterProcess(child: ChildProcess): ClusterProcess {
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    text.stdout += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    text.stderr += chunk;
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal ?? -1)),
  );
  return {
    pid: child.pid ?? -1,
    text,
    ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
