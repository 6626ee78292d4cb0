import { type ExecutorId, shuffleId } from '@kiln/base';
import type { MapOutputLocation, MapOutputs } from '@kiln/contracts/executor';
import type { RegisteredMapOutput } from '@kiln/contracts/shuffle';
import type { WriteJob } from '@kiln/contracts/storage';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';
import { splitsOf } from '@kiln/engine/adaptive';
import type { DriverParts } from './driver-parts.ts';
import type { Stage } from './stages.ts';
import type { MissingOutput } from './task-errors.ts';

/** An output as executors are told of it. */
export function announced({ map, location, uri, keys }: RegisteredMapOutput): MapOutputLocation {
  return { map, executorId: location.executor, address: location.address, uri, keys };
}

/** Makes task messages. What an executor has already (programs, map-output locations of this epoch) is not sent again. */
export class TaskLauncher {
  readonly #parts: DriverParts;
  /** Executor to shuffle to the epoch whose locations it holds. */
  readonly #locations = new Map<ExecutorId, Map<number, number>>();

  readonly #tables = new Map<number, MapOutputs>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  launch(launch: TaskLaunch, stage: Stage, write: WriteJob | null): void {
    const { attempt } = stage;
    if (attempt === null) throw new Error(`Stage ${stage.id} has no program`);
    const { backend, committer } = this.#parts;
    backend.ensureProgram(launch.executorId, attempt.program.hash, attempt.program.bytes);
    this.#ensureLocations(launch.executorId, stage);
    backend.launch(launch.executorId, {
      runner: stage.query.runner,
      spec: {
        taskId: launch.taskId,
        jobId: launch.jobId,
        stageId: launch.stageId,
        stageAttempt: launch.stageAttempt,
        partition: launch.partition,
        attempt: launch.attempt,
        program: attempt.program.hash,
        splits: splitsOf(attempt.segments, launch.partition),
        epoch: this.#epochFor(stage),
        writeDir: write === null ? null : committer.taskDirectory(write, launch),
        sharesBuild: stage.plan.sharesBuild,
      },
    });
  }

  /** An output that the stage reads and that was lost since it was prepared; without it a task would read too little. */
  missingInput(stage: Stage): MissingOutput | null {
    for (const input of stage.plan.inputs) {
      if (input.type === 'scalar-subquery') continue;
      const [map] = this.#parts.tracker.missing(shuffleId(input.shuffleId)) ?? [0];
      if (map !== undefined) return { shuffleId: input.shuffleId, map };
    }
    return null;
  }

  forget(executor: ExecutorId): void {
    this.#locations.delete(executor);
  }

  forgetShuffle(shuffle: number): void {
    this.#tables.delete(shuffle);
    for (const known of this.#locations.values()) known.delete(shuffle);
  }

  /** The oldest epoch of the shuffles that the stage reads: the executor holds the outputs of each as of its own, which is no older. */
  #epochFor(stage: Stage): number {
    const { tracker } = this.#parts;
    const epochs = stage.plan.inputs.flatMap((input) => {
      return input.type === 'scalar-subquery' ? [] : tracker.epochOf(shuffleId(input.shuffleId));
    });
    return epochs.length === 0 ? tracker.epoch : Math.min(...epochs);
  }

  #ensureLocations(executor: ExecutorId, stage: Stage): void {
    const known = this.#locations.get(executor) ?? new Map<number, number>();
    this.#locations.set(executor, known);
    for (const input of stage.plan.inputs) {
      if (input.type === 'scalar-subquery') continue;
      const table = this.#tableOf(input.shuffleId);
      if (known.get(input.shuffleId) === table.epoch) continue;
      known.set(input.shuffleId, table.epoch);
      this.#parts.backend.setMapOutputs(executor, table);
    }
  }

  /** One object for all executors, made anew only when a location of this shuffle changed. */
  #tableOf(id: number): MapOutputs {
    const { tracker } = this.#parts;
    const epoch = tracker.epochOf(shuffleId(id));
    const known = this.#tables.get(id);
    if (known?.epoch === epoch) return known;
    const outputs = tracker
      .outputs(shuffleId(id))
      .filter((output) => output !== undefined)
      .map(announced);
    const table = { shuffleId: id, epoch, outputs };
    this.#tables.set(id, table);
    return table;
  }
}
