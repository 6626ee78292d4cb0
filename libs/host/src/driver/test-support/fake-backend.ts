import type { ExecutorId, Unregister } from '@kiln/base';
import {
  type ExecutorUsage,
  type MapOutputLocation,
  type MapOutputs,
  noMetrics,
  type SchedulerBackend,
  type TaskDescription,
  type TaskFailure,
  type TaskOutput,
  type TaskResult,
  type TaskStatus,
} from '@kiln/contracts/executor';

export type FakeTask = TaskDescription['spec'] & { readonly executor: ExecutorId };

/** Executors whose tasks end when the test says so. */
export class FakeBackend implements SchedulerBackend {
  /** Tasks that run. */
  readonly running = new Map<number, FakeTask>();
  readonly killed: number[] = [];
  readonly programs = new Set<string>();
  readonly locations: MapOutputs[] = [];
  readonly removedShuffles: number[] = [];
  /** `to: map map`. */
  readonly copies: string[] = [];
  copyError: Error | null = null;
  /** Throws at a launch. */
  refuse: (task: FakeTask) => string | null = () => null;
  /** `false`: killed tasks go on until they are ended. */
  obeysKills = true;
  #listener: (executor: ExecutorId, result: TaskResult) => void = () => {};

  launch(executor: ExecutorId, { spec }: TaskDescription): void {
    const task = { ...spec, executor };
    const refusal = this.refuse(task);
    if (refusal !== null) throw new Error(refusal);
    if (!this.programs.has(spec.program)) throw new Error(`no program ${spec.program}`);
    this.running.set(spec.taskId, task);
  }

  kill(_executor: ExecutorId, taskId: number, reason: string): void {
    this.killed.push(taskId);
    if (this.obeysKills) queueMicrotask(() => this.end(taskId, { type: 'killed', reason }));
  }

  ensureProgram(_executor: ExecutorId, hash: string): void {
    this.programs.add(hash);
  }

  dropProgram(hash: string): void {
    this.programs.delete(hash);
  }

  setMapOutputs(_executor: ExecutorId, outputs: MapOutputs): void {
    this.locations.push(outputs);
  }

  removeShuffle(shuffleId: number): void {
    this.removedShuffles.push(shuffleId);
  }

  async copyMapOutputs(to: ExecutorId, _shuffleId: number, outputs: readonly MapOutputLocation[]) {
    this.copies.push(`${to}: ${outputs.map(({ map }) => map).join(' ')}`);
    if (this.copyError !== null) throw this.copyError;
    return outputs.map(({ map }) => ({ map, uri: `copied:${map}` }));
  }

  onResult(listener: (executor: ExecutorId, result: TaskResult) => void): Unregister {
    this.#listener = listener;
    return () => {};
  }

  async usage(): Promise<ExecutorUsage> {
    throw new Error('not part of the fake');
  }

  async stop(): Promise<void> {}

  // ---- for tests

  end(taskId: number, status: TaskStatus, data: Uint8Array | null = null): void {
    const task = this.running.get(taskId);
    if (task === undefined) return;
    this.running.delete(taskId);
    this.#listener(task.executor, { outcome: { taskId, status, metrics: noMetrics }, data });
  }

  fail(taskId: number, failure: Partial<TaskFailure> = {}): void {
    const whole = { kind: 'user', class: 'BOOM', message: 'boom', causes: [], fetch: null, ...failure } as const;
    this.end(taskId, { type: 'failed', failure: whole });
  }

  /** As the stage's output wants it: `bytes` of a result. */
  succeed(taskId: number, kind: 'map' | 'result' | 'write', bytes = 1): void {
    const task = this.running.get(taskId);
    const data = kind === 'result' ? new Uint8Array(bytes).fill(task?.partition ?? 0) : null;
    this.end(taskId, { type: 'success', output: outputOf(kind, bytes, task) }, data);
  }

  /** All that run. */
  succeedAll(kind: 'map' | 'result' | 'write'): void {
    for (const taskId of [...this.running.keys()]) this.succeed(taskId, kind);
  }

  tasks(stage?: number): readonly FakeTask[] {
    return [...this.running.values()].filter((task) => stage === undefined || task.stageId === stage);
  }
}

function outputOf(kind: 'map' | 'result' | 'write', bytes: number, task: FakeTask | undefined): TaskOutput {
  switch (kind) {
    case 'map':
      return { type: 'map-output', status: { uri: 'memory:', bytes: [bytes], rows: [1], checksum: '0', keys: [] } };
    case 'write':
      return { type: 'write', files: [{ path: `${task?.writeDir}/part-${task?.partition}`, bytes, rows: 2 }] };
    default:
      return { type: 'result', rows: 1, bytes };
  }
}
