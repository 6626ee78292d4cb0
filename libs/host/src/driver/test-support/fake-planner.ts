import type { PlannedQuery, Planner, Query, StageDecisions, StageInput, StagePlan } from '@kiln/contracts/planner';

/** A stage of a made-up plan: its place in the list is its id. */
export interface FakeStage {
  readonly output: 'shuffle' | 'result' | 'write' | 'scalar';
  readonly tasks: number;
  /** Stages it reads. */
  readonly reads?: readonly number[];
}

/** Plans whatever it is told to; programs say which stage they are of. */
export class FakePlanner implements Planner {
  planned = 0;
  readonly refined: StageDecisions[] = [];
  /** Called before each plan. */
  before: (query: Query) => Promise<void> | void = () => {};
  refineError: Error | null = null;
  readonly #stages: readonly FakeStage[];

  constructor(stages: readonly FakeStage[]) {
    this.#stages = stages;
  }

  async schema() {
    return [];
  }

  async plan(query: Query): Promise<PlannedQuery> {
    await this.before(query);
    const first = this.planned++ * 100;
    const stages = this.#stages.map((stage, id) => stagePlan(stage, id, first, this.#stages));
    const explain = { unresolved: '', resolved: '', optimized: '', physical: '' };
    const plan = { stages, schema: [], nextColumnId: 0, nextShuffleId: 0, notes: [], explain };
    return { plan, stages: stages.map((stage) => Uint8Array.of(stage.id)), nowMicros: 0, runner: 'plan' };
  }

  refine(stage: Uint8Array, decisions: StageDecisions) {
    if (this.refineError !== null) throw this.refineError;
    this.refined.push(decisions);
    const reads = Object.values(decisions.reads)[0];
    const hash = `program-${stage[0]}${decisions.avoidHashJoin ? '-sort-merge' : ''}`;
    return { bytes: stage, hash, numTasks: reads?.length ?? this.#stages[stage[0] ?? 0]?.tasks ?? 0 };
  }

  chooseRangeBounds() {
    return [];
  }
}

function stagePlan(stage: FakeStage, id: number, first: number, all: readonly FakeStage[]): StagePlan {
  const { output, tasks, reads = [] } = stage;
  const shuffleInput = reads.some((parent) => all[parent]?.output === 'shuffle');
  const partitions = Array.from({ length: tasks }, () => []);
  return {
    id,
    output: outputOf(output, first + id),
    inputs: reads.map((parent) => inputOf(parent, first, tasks, all)),
    scans: shuffleInput ? [] : [{ scan: 0, table: 't', firstTask: 0, partitions }],
    numTasks: tasks,
    operators: { name: `Stage${id}`, detail: '', children: [] },
    estimatedBytes: null,
    determinism: 'determinate',
    sharesBuild: false,
  };
}

function outputOf(output: FakeStage['output'], shuffleId: number): StagePlan['output'] {
  switch (output) {
    case 'shuffle':
      return { type: 'shuffle', shuffleId, partitioning: { type: 'round-robin', numPartitions: 1 } };
    case 'scalar':
      return { type: 'scalar-subquery', subqueryId: shuffleId };
    case 'write':
      return { type: 'write', format: 'parquet', path: '/out' };
    default:
      return { type: 'result' };
  }
}

function inputOf(parent: number, first: number, tasks: number, all: readonly FakeStage[]): StageInput {
  if (all[parent]?.output === 'scalar') return { type: 'scalar-subquery', subqueryId: first + parent, stage: parent };
  return {
    type: 'shuffle',
    reader: parent,
    shuffleId: first + parent,
    stage: parent,
    firstTask: 0,
    numPartitions: tasks,
    coalescible: false,
    group: 0,
  };
}
