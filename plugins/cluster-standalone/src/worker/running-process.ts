import type { ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { Child, ChildExit } from '@kiln/launcher';
import { exceededText } from '../shared/memory-limits.ts';
import type { MemoryWatch } from './memory-watch.ts';
import type { WorkDirectory } from './work-directory.ts';

export interface RunOptions {
  readonly role: 'executor' | 'driver';
  readonly child: Child;
  readonly folder: string;
  readonly resources: ExecutorResources;
  readonly overheadBytes: number;
  /** Where the process keeps data beside its folder. */
  readonly localDirs: readonly string[];
  readonly memory: MemoryWatch;
  readonly work: WorkDirectory;
}

export interface ProcessEnd {
  readonly exit: ChildExit;
  /** Why this worker ended it; `null`: it did not. */
  readonly endedFor: string | null;
  readonly exceededMemory: boolean;
}

/** A process of this worker, from its start to its end. */
export class RunningProcess {
  /** When it is gone and nothing on disk speaks of it. */
  readonly ended: Promise<ProcessEnd>;
  readonly #options: RunOptions;
  #endedFor: string | null = null;
  #exceeded = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.ended = this.#follow();
  }

  /** The first reason counts. */
  stop(reason: string, graceMillis: number): void {
    this.#endedFor ??= reason;
    void this.#options.child.stop(graceMillis);
  }

  async #follow(): Promise<ProcessEnd> {
    const { role, child, folder, resources, overheadBytes, memory, work, localDirs } = this.#options;
    let stopWatching = () => {};
    if (child.pid !== undefined) {
      await work.record(folder, child.pid, localDirs).catch(() => {});
      stopWatching = memory.watch(child.pid, resources.memoryBytes + overheadBytes, (used) => {
        this.#exceeded = true;
        this.#endedFor ??= exceededText(role, used, resources.memoryBytes, overheadBytes);
        child.kill();
      });
    }
    const exit = await child.exited;
    stopWatching();
    // What it started in its group goes with it.
    child.kill();
    await work.unrecord(folder).catch(() => {});
    return { exit, endedFor: this.#endedFor, exceededMemory: this.#exceeded };
  }
}
