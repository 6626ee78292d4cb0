import { GCProfiler, type GCProfilerResult } from 'node:v8';
import type { TaskMetrics, TaskSpec } from '@kiln/contracts/executor';
import type { Aggregator, ClosureProgram } from '@kiln/contracts/planner';
import type { Channel } from './channel.ts';
import { type Combining, combining } from './combiner.ts';
import type { Functions } from './functions.ts';

/** What the parts of one task share. */
export class TaskParts {
  readonly program: ClosureProgram;
  readonly functions: Functions;
  readonly channel: Channel;
  readonly spec: TaskSpec;
  readonly localDirs: readonly string[];
  readonly metrics = { inputBytes: 0, inputRows: 0, diskBytesSpilled: 0 };
  readonly #cleanups: (() => void)[] = [];
  readonly #cpu = process.threadCpuUsage();
  readonly #collections = new GCProfiler();
  #nextReader = 0;

  constructor(
    program: ClosureProgram,
    functions: Functions,
    channel: Channel,
    spec: TaskSpec,
    localDirs: readonly string[],
  ) {
    this.program = program;
    this.functions = functions;
    this.channel = channel;
    this.spec = spec;
    this.localDirs = localDirs;
    this.#collections.start();
  }

  nextReader(): number {
    return this.#nextReader++;
  }

  combining({ create, merge, zero }: Aggregator): Combining {
    const { functions } = this;
    return combining({
      create: create === null ? null : functions.bound(create),
      merge:
        typeof merge === 'string'
          ? merge
          : { value: functions.bound(merge.value), combiners: functions.bound(merge.combiners) },
      zero,
    });
  }

  /** When the task ends, however it does. */
  readonly onEnd = (cleanup: () => void): void => {
    this.#cleanups.push(cleanup);
  };

  end(): Partial<TaskMetrics> {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    const { diskBytesSpilled } = this.metrics;
    const { user, system } = process.threadCpuUsage(this.#cpu);
    return {
      ...this.metrics,
      memoryBytesSpilled: diskBytesSpilled,
      executorCpuNanos: (user + system) * 1000,
      gcNanos: this.#collected(),
    };
  }

  /** What V8 stopped this thread for. */
  #collected(): number {
    // Nothing the second time.
    const statistics = (this.#collections.stop() as GCProfilerResult | undefined)?.statistics ?? [];
    return Math.round(statistics.reduce((micros, { cost }) => micros + cost, 0) * 1000);
  }
}
