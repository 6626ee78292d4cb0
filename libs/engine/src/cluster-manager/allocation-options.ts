import { KilnError } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';

/** `spark.dynamicAllocation.*`. Times are milliseconds, `null` is never. */
export interface AllocationOptions {
  readonly minExecutors: number;
  readonly maxExecutors: number;
  readonly initialExecutors: number;
  readonly ratio: number;
  /** Tasks that an executor runs at the same time. */
  readonly slotsPerExecutor: number;
  readonly backlogMillis: number;
  readonly sustainedBacklogMillis: number;
  readonly idleMillis: number;
  /** For executors that hold shuffle outputs which go with them. */
  readonly idleWithShuffleMillis: number | null;
  /** Shuffle outputs go with their executor, and it is kept for them. */
  readonly tracksShuffles: boolean;
}

/** Errors: KILN_DYNAMIC_ALLOCATION where the settings contradict each other. */
export function allocationOptions(settings: EngineSettings, coresPerExecutor: number): AllocationOptions {
  const minExecutors = settings.get('spark.dynamicAllocation.minExecutors');
  const maxExecutors = settings.get('spark.dynamicAllocation.maxExecutors');
  const initialExecutors = Math.max(
    minExecutors,
    settings.get('spark.dynamicAllocation.initialExecutors'),
    settings.get('spark.executor.instances') ?? 0,
  );
  if (minExecutors > maxExecutors || initialExecutors > maxExecutors) {
    const wanted = `${minExecutors} executors at least and ${initialExecutors} at the start`;
    throw problem(`spark.dynamicAllocation asks for ${wanted}, but allows only ${maxExecutors}`);
  }
  const hasService = settings.get('spark.shuffle.service.enabled');
  const tracks = settings.get('spark.dynamicAllocation.shuffleTracking.enabled');
  if (!hasService && !tracks) {
    throw problem(
      'spark.dynamicAllocation would give up executors with shuffle outputs that are still needed',
      'Leave spark.dynamicAllocation.shuffleTracking.enabled on, or use a shuffle service (spark.shuffle.service.enabled)',
    );
  }
  return {
    minExecutors,
    maxExecutors,
    initialExecutors,
    ratio: settings.get('spark.dynamicAllocation.executorAllocationRatio'),
    slotsPerExecutor: Math.max(1, Math.floor(coresPerExecutor / settings.get('spark.task.cpus'))),
    backlogMillis: settings.get('spark.dynamicAllocation.schedulerBacklogTimeout'),
    sustainedBacklogMillis: settings.get('spark.dynamicAllocation.sustainedSchedulerBacklogTimeout'),
    idleMillis: settings.get('spark.dynamicAllocation.executorIdleTimeout'),
    idleWithShuffleMillis: settings.get('spark.dynamicAllocation.shuffleTracking.timeout') ?? null,
    tracksShuffles: tracks && !hasService,
  };
}

function problem(
  message: string,
  hint = 'Change spark.dynamicAllocation.minExecutors, initialExecutors or maxExecutors',
) {
  return new KilnError('KILN_DYNAMIC_ALLOCATION', message, { hint });
}
