import { KilnError, type StageId } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';
import type { TaskRequest } from '@kiln/contracts/task-scheduler';
import { type CoalesceOptions, countTasks, layOut, type Segment } from '@kiln/engine/adaptive';
import { chooseLayout, type DecisionInputs, decide, type Layout } from './decisions.ts';
import type { DriverParts } from './driver-parts.ts';
import { type Stage, type StageAttempt, shuffleOf } from './stages.ts';
import { taskRequests } from './task-preferences.ts';

/** Decides from exact sizes, makes the stage's program once per attempt, lays out its tasks. */
export class StagePreparer {
  readonly #parts: DriverParts;
  /** Hashes by `stage/attempt`; a fallback to sort-merge adds a second one. */
  readonly #programs = new Map<string, string[]>();
  /** Attempts that run a program: equal programs of several stages or attempts have one hash. */
  readonly #users = new Map<string, number>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  prepare(stage: Stage, attempt: number, scalars: Readonly<Record<number, string>>): readonly TaskRequest[] {
    stage.attempt = this.#attempt(stage, attempt, scalars);
    const tasks = countTasks(stage.attempt.segments);
    const shuffle = shuffleOf(stage);
    if (shuffle !== null) this.#parts.tracker.registerShuffle(shuffle, tasks);
    const { tracker, settings, topology } = this.#parts;
    const reduceLocality = settings.get('spark.shuffle.reduceLocality.enabled');
    const rackOf = (host: string) => topology?.rackOf(host) ?? null;
    return taskRequests(stage.plan.inputs, stage.attempt, tasks, { tracker, reduceLocality, rackOf });
  }

  /**
   * A task ran out of memory under `program`: makes the stage's program anew with sort-merge joins, once. `true`: another attempt runs
   * another program than this one did, be it that a neighbour failed first.
   */
  avoidHashJoin(stage: Stage, program: string | undefined): boolean {
    if (stage.attempt === null || stage.program !== null) return false;
    if (stage.avoidHashJoin) return stage.attempt.program.hash !== program;
    stage.avoidHashJoin = true;
    const before = stage.attempt;
    try {
      stage.attempt = this.#attempt(stage, before.number, before.scalars);
    } catch (error) {
      this.#parts.logger.warn({ stage: stage.id, error }, 'the stage cannot be planned with sort-merge joins');
      return false;
    }
    return stage.attempt.program.hash !== before.program.hash;
  }

  /** Nothing of that attempt runs any more. */
  drop(id: StageId, attempt: number): void {
    const key = `${id}/${attempt}`;
    for (const hash of this.#programs.get(key) ?? []) {
      const users = (this.#users.get(hash) ?? 1) - 1;
      if (users > 0) this.#users.set(hash, users);
      else {
        this.#users.delete(hash);
        this.#parts.backend.dropProgram(hash);
      }
    }
    this.#programs.delete(key);
  }

  #attempt(stage: Stage, number: number, scalars: Readonly<Record<number, string>>): StageAttempt {
    const missing = stage.plan.inputs.find(
      (input) => input.type === 'scalar-subquery' && scalars[input.subqueryId] === undefined,
    );
    if (missing !== undefined)
      throw new KilnError('KILN_INTERNAL', `Stage ${stage.id} needs the value of a subquery that did not run`);
    const inputs: DecisionInputs = {
      tracker: this.#parts.tracker,
      planner: this.#parts.planner,
      coalesce: coalesceOptions(this.#parts.settings.with(stage.query.conf).settings, stage.query.defaultParallelism),
      scalars,
      maxHashBuildBytes: this.#parts.maxHashBuildBytes(),
    };
    const layout = stage.attempt?.layout ?? (stage.program === null ? chooseLayout(stage, inputs) : fixedLayout);
    const program = stage.program ?? this.#parts.planner.refine(stage.bytes, decide(stage, layout, inputs));
    const key = `${stage.id}/${number}`;
    this.#programs.set(key, [...(this.#programs.get(key) ?? []), program.hash]);
    this.#users.set(program.hash, (this.#users.get(program.hash) ?? 0) + 1);
    const segments = stage.program === null ? layOut(stage.plan, program.numTasks) : fixedSegments(stage);
    return { number, program, layout, segments, scalars };
  }
}

/** Of a stage whose program was made beforehand: it knows which task reads what. */
const fixedLayout: Layout = { reads: {}, rangeBounds: {}, words: [] };

function fixedSegments({ plan }: Stage): readonly Segment[] {
  return [{ firstTask: 0, tasks: plan.numTasks, scans: new Map(), readers: [] }];
}

function coalesceOptions(settings: EngineSettings, defaultParallelism: number): CoalesceOptions {
  return {
    enabled:
      settings.get('spark.sql.adaptive.enabled') && settings.get('spark.sql.adaptive.coalescePartitions.enabled'),
    parallelismFirst: settings.get('spark.sql.adaptive.coalescePartitions.parallelismFirst'),
    minPartitionSize: settings.get('spark.sql.adaptive.coalescePartitions.minPartitionSize'),
    advisoryPartitionSize: settings.get('spark.sql.adaptive.advisoryPartitionSizeInBytes'),
    minPartitionNum: settings.get('spark.sql.adaptive.coalescePartitions.minPartitionNum') ?? defaultParallelism,
  };
}
