import { type ShuffleId, type StageId, shuffleId, stageId } from '@kiln/base';
import type { StageSpec } from '@kiln/contracts/dag-scheduler';
import type { StageInfo } from '@kiln/contracts/listener';
import type { StructField } from '@kiln/contracts/plan';
import type { OperatorNode, PlannedQuery, Query, StagePlan, StageProgram } from '@kiln/contracts/planner';
import type { Segment } from '@kiln/engine/adaptive';
import type { Layout } from './decisions.ts';

/** A stage as the driver knows it: its plan, and the program and layout of its current attempt. */
export interface Stage {
  readonly id: StageId;
  readonly plan: StagePlan;
  readonly bytes: Uint8Array;
  readonly query: StagedQuery;
  /** By `StageInput.stage`. */
  readonly producers: readonly Stage[];
  /** Made beforehand: exact sizes decide nothing about it. */
  readonly program: StageProgram | null;
  attempt: StageAttempt | null;
  /** A hash build ran out of memory: programs made from now on join by sort-merge. */
  avoidHashJoin: boolean;
}

export interface StageAttempt {
  readonly number: number;
  readonly program: StageProgram;
  /** Values of scalar subqueries inside the program. */
  readonly scalars: Readonly<Record<number, string>>;
  readonly layout: Layout;
  readonly segments: readonly Segment[];
}

/** What one job runs: stages that have ids. A second action on the same DataFrame or RDD finds them again. */
export interface StagedQuery {
  readonly schema: readonly StructField[];
  /** Kind of the task runner. */
  readonly runner: string;
  readonly nowMicros: number;
  readonly conf: Readonly<Record<string, string>>;
  readonly defaultParallelism: number;
  /** In dependency order. */
  readonly stages: readonly Stage[];
}

/** Stages by id, while their query is in use or may be asked for again. */
export class StageRegistry {
  readonly #stages = new Map<StageId, Stage>();
  #next = 0;

  add(planned: PlannedQuery, asked: Query): StagedQuery {
    const stages: Stage[] = [];
    const { runner, nowMicros } = planned;
    const { conf, defaultParallelism } = asked;
    const query: StagedQuery = { schema: planned.plan.schema, runner, nowMicros, conf, defaultParallelism, stages };
    for (const [index, plan] of planned.plan.stages.entries()) {
      const bytes = planned.stages[index] ?? new Uint8Array();
      stages.push(this.register({ plan, bytes, query, producers: stages, program: null }));
    }
    return query;
  }

  register(parts: Omit<Stage, 'id' | 'attempt' | 'avoidHashJoin'>): Stage {
    const stage: Stage = { ...parts, id: stageId(this.#next++), attempt: null, avoidHashJoin: false };
    this.#stages.set(stage.id, stage);
    return stage;
  }

  lookUp(id: StageId): Stage | undefined {
    return this.#stages.get(id);
  }

  get(id: StageId): Stage {
    const stage = this.#stages.get(id);
    if (stage === undefined) throw new Error(`Stage ${id} is not known`);
    return stage;
  }

  forget(stages: readonly Stage[]): void {
    for (const stage of stages) this.#stages.delete(stage.id);
  }

  get size(): number {
    return this.#stages.size;
  }
}

/** `null`: it writes no map outputs. */
export function shuffleOf({ plan }: Stage): ShuffleId | null {
  return plan.output.type === 'shuffle' ? shuffleId(plan.output.shuffleId) : null;
}

export function stageSpec(stage: Stage): StageSpec {
  const { output } = stage.plan;
  return {
    stageId: stage.id,
    name: stageName(stage.plan.operators),
    kind: output.type === 'shuffle' ? 'shuffle-map' : output.type,
    parents: parentsOf(stage),
    shuffleId: shuffleOf(stage),
    determinism: stage.plan.determinism,
  };
}

export function stageInfo(stage: Stage, jobId: StageInfo['jobId']): StageInfo {
  const { stageId, name, parents, kind } = stageSpec(stage);
  return { stageId, jobId, name, parents, kind };
}

function parentsOf(stage: Stage): readonly StageId[] {
  const ids = stage.plan.inputs.map((input) => stage.producers[input.stage]?.id);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The operators along the first branch, leaf last: `HashAggregate < Filter < Scan`. */
function stageName(node: OperatorNode): string {
  const names: string[] = [];
  // That a stage writes to a shuffle is its kind.
  let current: OperatorNode | undefined = node.name === 'Exchange' ? node.children[0] : node;
  while (current !== undefined && names.length < 6) {
    if (names.at(-1) !== current.name) names.push(current.name);
    current = current.children[0];
  }
  return names.join(' < ');
}
