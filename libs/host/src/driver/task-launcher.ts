import { type ExecutorId, shuffleId } from '@kiln/base';
import type { WriteJob } from '@kiln/contracts/storage';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';
import { splitsOf } from '@kiln/engine/adaptive';
import type { DriverParts } from './driver-parts.ts';
import type { Stage } from './stages.ts';
import type { MissingOutput } from './task-errors.ts';

/** Makes task messages. What an executor has already (programs, map-output locations of this epoch) is not sent again. */
export class TaskLauncher {
  readonly #parts: DriverParts;
  /** Executor to shuffle to the epoch whose locations it holds. */
  readonly #locations = new Map<ExecutorId, Map<number, number>>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  launch(launch: TaskLaunch, stage: Stage, write: WriteJob | null): void {
    const { attempt } = stage;
    if (attempt === null) throw new Error(`Stage ${stage.id} has no program`);
    const { backend, tracker, committer } = this.#parts;
    backend.ensureProgram(launch.executorId, attempt.program.hash, attempt.program.bytes);
    this.#ensureLocations(launch.executorId, stage);
    backend.launch(launch.executorId, {
      runner: stage.query.planned.runner,
      spec: {
        taskId: launch.taskId,
        jobId: launch.jobId,
        stageId: launch.stageId,
        stageAttempt: launch.stageAttempt,
        partition: launch.partition,
        attempt: launch.attempt,
        program: attempt.program.hash,
        splits: splitsOf(attempt.segments, launch.partition),
        epoch: tracker.epoch,
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
    for (const known of this.#locations.values()) known.delete(shuffle);
  }

  #ensureLocations(executor: ExecutorId, stage: Stage): void {
    const { backend, tracker } = this.#parts;
    const known = this.#locations.get(executor) ?? new Map<number, number>();
    this.#locations.set(executor, known);
    for (const input of stage.plan.inputs) {
      if (input.type === 'scalar-subquery' || known.get(input.shuffleId) === tracker.epoch) continue;
      known.set(input.shuffleId, tracker.epoch);
      const outputs = tracker
        .outputs(shuffleId(input.shuffleId))
        .filter((output) => output !== undefined)
        .map(({ map, executor: at, status }) => ({ map, executorId: at, uri: status.uri, keys: status.keys }));
      backend.setMapOutputs(executor, { shuffleId: input.shuffleId, epoch: tracker.epoch, outputs });
    }
  }
}
