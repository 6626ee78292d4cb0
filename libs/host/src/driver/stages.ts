import { type StageId, stageId } from '@kiln/base';
import type { StageSpec } from '@kiln/contracts/dag-scheduler';
import type { StageInfo } from '@kiln/contracts/listener';
import type { OperatorNode, PlannedQuery, Query, StagePlan, StageProgram } from '@kiln/contracts/planner';
import { shuffleId } from '@kiln/base';
import type { Segment } from '@kiln/engine/adaptive';

/** A stage as the driver knows it: its plan, and the program and layout of its current attempt. */
export interface Stage {
  readonly id: StageId;
  readonly plan: StagePlan;
  readonly bytes: Uint8Array;
  readonly query: StagedQuery;
  attempt: StageAttempt | null;
  /** A hash build ran out of memory: programs made from now on join by sort-merge. */
  avoidHashJoin: boolean;
}

export interface StageAttempt {
  readonly number: number;
  readonly program: StageProgram;
  /** Values of scalar subqueries inside the program. */
  readonly scalars: Readonly<Record<number, string>>;
  readonly segments: readonly Segment[];
  readonly decisions: readonly string[];
}

/** A planned query whose stages have ids; a DataFrame's second action finds it again. */
export interface StagedQuery {
  readonly planned: PlannedQuery;
  readonly conf: Readonly<Record<string, string>>;
  readonly defaultParallelism: number;
  /** By `StagePlan.id`. */
  readonly stages: readonly Stage[];
}

export class StageRegistry {
  readonly #stages = new Map<StageId, Stage>();
  readonly #kept = new Map<string, StagedQuery>();
  #next = 0;

  /** `key` null: nobody will ask again. */
  add(planned: PlannedQuery, asked: Query, key: string | null): StagedQuery {
    const stages: Stage[] = [];
    const query: StagedQuery = { planned, conf: asked.conf, defaultParallelism: asked.defaultParallelism, stages };
    for (const [index, plan] of planned.plan.stages.entries()) {
      const bytes = planned.stages[index] ?? new Uint8Array();
      const stage: Stage = { id: stageId(this.#next++), plan, bytes, query, attempt: null, avoidHashJoin: false };
      stages.push(stage);
      this.#stages.set(stage.id, stage);
    }
    if (key !== null) this.#kept.set(key, query);
    return query;
  }

  find(key: string): StagedQuery | undefined {
    return this.#kept.get(key);
  }

  lookUp(id: StageId): Stage | undefined {
    return this.#stages.get(id);
  }

  get(id: StageId): Stage {
    const stage = this.#stages.get(id);
    if (stage === undefined) throw new Error(`Stage ${id} is not known`);
    return stage;
  }

  /** Forgets the queries of a DataFrame (`prefix` of their keys) and returns them. */
  release(prefix: string): readonly StagedQuery[] {
    const released = [...this.#kept].filter(([key]) => key.startsWith(prefix));
    for (const [key] of released) this.#kept.delete(key);
    return released.map(([, query]) => query);
  }

  forget(query: StagedQuery): void {
    for (const stage of query.stages) this.#stages.delete(stage.id);
  }

  isKept(query: StagedQuery): boolean {
    return [...this.#kept.values()].includes(query);
  }
}

export function shufflesOf(query: StagedQuery): readonly number[] {
  return query.stages.flatMap(({ plan }) => (plan.output.type === 'shuffle' ? [plan.output.shuffleId] : []));
}

export function stageSpec(stage: Stage): StageSpec {
  const { output } = stage.plan;
  return {
    stageId: stage.id,
    name: stageName(stage.plan.operators),
    kind: output.type === 'shuffle' ? 'shuffle-map' : output.type,
    parents: parentsOf(stage),
    shuffleId: output.type === 'shuffle' ? shuffleId(output.shuffleId) : null,
    determinism: stage.plan.determinism,
  };
}

export function stageInfo(stage: Stage, jobId: StageInfo['jobId']): StageInfo {
  const { stageId, name, parents, kind } = stageSpec(stage);
  return { stageId, jobId, name, parents, kind };
}

function parentsOf(stage: Stage): readonly StageId[] {
  const ids = stage.plan.inputs.map((input) => stage.query.stages[input.stage]?.id);
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The operators along the first branch, leaf last: `Aggregate < Filter < Scan`. */
function stageName(node: OperatorNode): string {
  const names: string[] = [];
  let current: OperatorNode | undefined = node;
  while (current !== undefined && names.length < 6) {
    if (names.at(-1) !== current.name) names.push(current.name);
    current = current.children[0];
  }
  return names.join(' < ');
}
