import { KilnError, type StageId, shuffleId } from '@kiln/base';
import type { StageProgram } from '@kiln/contracts/planner';
import type { TaskRequest } from '@kiln/contracts/task-scheduler';
import { type CoalesceOptions, countTasks, layOut } from '@kiln/engine/adaptive';
import { decide } from './decisions.ts';
import type { DriverParts } from './driver.ts';
import type { Stage, StageAttempt } from './stages.ts';
import type { EngineSettings } from '@kiln/contracts/plugin';

/** Decides from exact sizes, makes the stage's program once per attempt, lays out its tasks. */
export class StagePreparer {
  readonly #parts: DriverParts;
  /** Hashes by `stage/attempt`; a fallback to sort-merge adds a second one. */
  readonly #programs = new Map<string, string[]>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  prepare(id: StageId, attempt: number, scalars: Readonly<Record<number, string>>): readonly TaskRequest[] {
    const stage = this.#parts.stages.get(id);
    stage.attempt = this.#attempt(stage, attempt, scalars);
    const tasks = countTasks(stage.attempt.segments);
    if (stage.plan.output.type === 'shuffle') this.#parts.tracker.registerShuffle(shuffleId(stage.plan.output.shuffleId), tasks);
    return Array.from({ length: tasks }, (_, partition) => ({ partition, preferredExecutors: [], preferredHosts: [] }));
  }

  /** The stage has a hash join that ran out of memory: makes its program anew with sort-merge. `false`: it has that already. */
  avoidHashJoin(id: StageId): boolean {
    const stage = this.#parts.stages.get(id);
    if (stage.avoidHashJoin || stage.attempt === null) return false;
    stage.avoidHashJoin = true;
    const before: StageProgram = stage.attempt.program;
    stage.attempt = this.#attempt(stage, stage.attempt.number, stage.attempt.scalars);
    return stage.attempt.program.hash !== before.hash;
  }

  /** Nothing of that attempt runs any more. */
  drop(id: StageId, attempt: number): void {
    const key = `${id}/${attempt}`;
    for (const hash of this.#programs.get(key) ?? []) this.#parts.backend.dropProgram(hash);
    this.#programs.delete(key);
  }

  #attempt(stage: Stage, number: number, scalars: Readonly<Record<number, string>>): StageAttempt {
    const missing = stage.plan.inputs.find((input) => input.type === 'scalar-subquery' && scalars[input.subqueryId] === undefined);
    if (missing !== undefined) throw new KilnError('KILN_INTERNAL', `Stage ${stage.id} needs the value of a subquery that did not run`);
    const { decisions, words } = decide(stage, {
      tracker: this.#parts.tracker,
      planner: this.#parts.planner,
      coalesce: coalesceOptions(this.#parts.settings.with(stage.query.conf).settings, stage.query.defaultParallelism),
      scalars,
      maxHashBuildBytes: this.#parts.maxHashBuildBytes(),
    });
    const program = this.#parts.planner.refine(stage.bytes, decisions);
    const key = `${stage.id}/${number}`;
    this.#programs.set(key, [...(this.#programs.get(key) ?? []), program.hash]);
    return {
      number,
      program,
      segments: layOut(stage.plan, decisions.reads),
      decisions: words,
      scalars,
    };
  }
}

function coalesceOptions(settings: EngineSettings, defaultParallelism: number): CoalesceOptions {
  return {
    enabled: settings.get('spark.sql.adaptive.enabled') && settings.get('spark.sql.adaptive.coalescePartitions.enabled'),
    parallelismFirst: settings.get('spark.sql.adaptive.coalescePartitions.parallelismFirst'),
    minPartitionSize: settings.get('spark.sql.adaptive.coalescePartitions.minPartitionSize'),
    advisoryPartitionSize: settings.get('spark.sql.adaptive.advisoryPartitionSizeInBytes'),
    minPartitionNum: settings.get('spark.sql.adaptive.coalescePartitions.minPartitionNum') ?? defaultParallelism,
  };
}
