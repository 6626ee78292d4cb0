import { type ExecutorId, shuffleId, type TaskId } from '@kiln/base';
import type { WriteJob } from '@kiln/contracts/storage';
import type { TaskLaunch } from '@kiln/contracts/task-scheduler';
import { splitsOf } from '@kiln/engine/adaptive';
import type { DriverParts } from './driver.ts';
import type { Stage } from './stages.ts';

/** Makes task messages. What an executor has already (programs, map-output locations of this epoch) is not sent again. */
export class TaskLauncher {
  readonly #parts: DriverParts;
  readonly #launched = new Map<TaskId, TaskLaunch>();
  /** Executor to shuffle to the epoch whose locations it holds. */
  readonly #locations = new Map<ExecutorId, Map<number, number>>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  launch(launch: TaskLaunch, write: WriteJob | null): void {
    const stage = this.#parts.stages.get(launch.stageId);
    const { attempt } = stage;
    if (attempt === null) throw new Error(`Stage ${stage.id} has no program`);
    const { backend, tracker, committer } = this.#parts;
    backend.ensureProgram(launch.executorId, attempt.program.hash, attempt.program.bytes);
    this.#ensureLocations(launch.executorId, stage);
    this.#launched.set(launch.taskId, launch);
    const writes = write !== null && stage.plan.output.type === 'write';
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
        writeDir: writes ? committer.taskDirectory(write, launch) : null,
        sharesBuild: stage.plan.sharesBuild,
      },
    });
  }

  launched(taskId: TaskId): TaskLaunch | undefined {
    return this.#launched.get(taskId);
  }

  finished(taskId: TaskId): void {
    this.#launched.delete(taskId);
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
      const outputs = tracker.outputs(shuffleId(input.shuffleId)).flatMap((output) => (output === undefined ? [] : [{ map: output.map, executorId: output.executor, uri: output.status.uri, keys: output.status.keys }]));
      backend.setMapOutputs(executor, { shuffleId: input.shuffleId, epoch: tracker.epoch, outputs });
    }
  }
}
