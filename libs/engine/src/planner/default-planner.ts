import { type Clock, KilnError, nearest } from '@kiln/base';
import type { Relation, StructField } from '@kiln/contracts/plan';
import type {
  AnalyzeRequest,
  DataSource,
  OptimizerRule,
  PlannedQuery,
  Planner,
  Query,
  StageDecisions,
  StageProgram,
  Table,
} from '@kiln/contracts/planner';
import {
  allOf,
  ClockService,
  dataSourcesExtensionPoint,
  inject,
  injectable,
  optimizerRulesExtensionPoint,
} from '@kiln/contracts/plugin';
import { ShuffleIds } from '@kiln/contracts/shuffle';
import * as native from '../native/index.ts';
import { readablePlan } from './readable-plan.ts';

/** What native tasks can write. */
const writtenFormats = ['parquet', 'csv'];

/**
 * Drives the native planner: find the tables, ask their data sources, resolve, let rules rewrite the resolved tree
 * (only then does a tree cross into JS), optimize, place exchanges, cut stages.
 */
@injectable()
export class DefaultPlanner implements Planner {
  readonly #clock: Clock;
  readonly #sources: ReadonlyMap<string, DataSource>;
  readonly #rules: readonly OptimizerRule[];
  readonly #shuffleIds: ShuffleIds;
  #nextColumnId = 1;

  constructor(
    @inject(ClockService) clock: Clock,
    @inject(allOf(dataSourcesExtensionPoint)) sources: readonly DataSource[],
    @inject(allOf(optimizerRulesExtensionPoint)) rules: readonly OptimizerRule[],
    @inject(ShuffleIds) shuffleIds: ShuffleIds,
  ) {
    this.#shuffleIds = shuffleIds;
    this.#clock = clock;
    this.#sources = new Map(sources.map((source) => [source.format.toLowerCase(), source]));
    this.#rules = rules;
  }

  async schema(query: Query): Promise<readonly StructField[]> {
    return native.analyze(await this.#request(query)).schema;
  }

  async plan(query: Query): Promise<PlannedQuery> {
    let request = await this.#request(query);
    let resolved = false;
    if (this.#rules.length > 0) {
      const analysis = native.analyze(request);
      const rewritten = this.#applyRules(analysis.plan);
      if (rewritten !== analysis.plan) {
        request = { ...request, plan: rewritten, nextColumnId: analysis.nextColumnId };
        resolved = true;
      }
    }
    const planned = await native.plan(request, resolved);
    // Two queries may be planned at once: ids only ever grow.
    this.#nextColumnId = Math.max(this.#nextColumnId, planned.plan.nextColumnId);
    return { ...planned, plan: readablePlan(planned.plan), nowMicros: request.nowMicros, runner: 'plan' };
  }

  refine(stage: Uint8Array, decisions: StageDecisions): StageProgram {
    return native.refine(stage, decisions);
  }

  chooseRangeBounds(
    runs: readonly { readonly keys: readonly string[]; readonly rows: number }[],
    partitions: number,
  ): readonly string[] {
    return native.chooseRangeBounds(runs, partitions);
  }

  async #request(query: Query): Promise<AnalyzeRequest> {
    if (query.plan.type === 'write') checkFormat(query.plan.format);
    const request: AnalyzeRequest = {
      plan: query.plan,
      views: query.views,
      conf: query.conf,
      tables: {},
      nextColumnId: this.#nextColumnId,
      // A block per query, so that queries planned at once never share a shuffle.
      nextShuffleId: this.#shuffleIds.reserve(10_000),
      nowMicros: this.#clock.now() * 1000,
      defaultParallelism: query.defaultParallelism,
      action: { type: query.action },
    };
    const wanted = native.requiredTables(request);
    const tables = await Promise.all(
      wanted.map(
        async (table): Promise<[string, Table]> => [table.key, await this.#source(table.format).resolve(table)],
      ),
    );
    return { ...request, tables: Object.fromEntries(tables) };
  }

  #source(format: string): DataSource {
    const source = this.#sources.get(format.toLowerCase());
    if (source !== undefined) return source;
    const known = [...this.#sources.keys()];
    const near = nearest(format, known);
    throw new KilnError('KILN_SOURCE_UNKNOWN', `There is no data source '${format}'`, {
      hint: `${near === undefined ? '' : `Did you mean '${near}'? `}Known: ${known.join(', ')}. A plugin adds others`,
      concerns: { format },
    });
  }

  #applyRules(tree: Relation): Relation {
    let current = tree;
    for (const rule of this.#rules) {
      try {
        current = rule.apply(current) ?? current;
      } catch (cause) {
        throw new KilnError('KILN_OPTIMIZER_RULE', `The optimizer rule '${rule.name}' failed`, {
          cause,
          concerns: { rule: rule.name },
        });
      }
    }
    return current;
  }
}

function checkFormat(format: string): void {
  if (writtenFormats.includes(format.toLowerCase())) return;
  const near = nearest(format, writtenFormats);
  throw new KilnError('KILN_OUTPUT_FORMAT', `Files of format '${format}' cannot be written`, {
    hint: `${near === undefined ? '' : `Did you mean '${near}'? `}Known: ${writtenFormats.join(', ')}`,
    concerns: { format },
  });
}
