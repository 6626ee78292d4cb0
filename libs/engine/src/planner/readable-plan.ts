import type { OperatorNode, StagedPlan, StagePlan } from '@kiln/contracts/planner';
import { columnNames, readableExpressions, topLevelParts } from './readable-expressions.ts';

/** A plan as people read it: operators and expressions in Spark's words, columns as `name#id`, sources by their path. */
export function readablePlan(plan: StagedPlan): StagedPlan {
  const names = columnNames(plan.explain.resolved);
  const readable = (text: string) => readableExpressions(text, names);
  return {
    ...plan,
    stages: plan.stages.map((stage) => readableStage(stage, readable)),
    explain: {
      ...plan.explain,
      resolved: withoutKeys(plan.explain.resolved),
      optimized: withoutKeys(readable(plan.explain.optimized)),
    },
  };
}

/** Tables by their path; the hash behind it tells equal paths with other options apart. */
function withoutKeys(text: string): string {
  return text.replace(/#[0-9a-f]{16}\b/g, '');
}

function readableStage(stage: StagePlan, readable: (text: string) => string): StagePlan {
  const { output } = stage;
  const operator = (node: OperatorNode): OperatorNode => {
    const [name, detail] = operatorText(node, stage);
    return { name, detail: readable(detail), children: node.children.map(operator) };
  };
  const partitioning = (text: string) => readable(text);
  return {
    ...stage,
    operators: operator(stage.operators),
    output: output.type === 'shuffle' ? { ...output, partitioning: named(output.partitioning, partitioning) } : output,
  };
}

type Exchange = Extract<StagePlan['output'], { type: 'shuffle' }>['partitioning'];

function named(exchange: Exchange, readable: (text: string) => string): Exchange {
  switch (exchange.type) {
    case 'hash':
      return { ...exchange, expressions: exchange.expressions.map(readable) };
    case 'range':
      return { ...exchange, order: exchange.order.map(readable) };
    case 'single':
      return { ...exchange, merge: exchange.merge?.map(readable) ?? null };
    default:
      return exchange;
  }
}

/** Fields of a detail: `mode=Partial, gby=[a, b]`; a part without a name is under ''. */
function fieldsOf(detail: string): ReadonlyMap<string, string> {
  const fields = topLevelParts(detail).map((part): [string, string] => {
    const [, key, value] = /^(?:\w+: )?(\w+)=(?!=)(.*)$/s.exec(part) ?? [];
    return key === undefined || value === undefined ? ['', part] : [key, value];
  });
  return new Map(fields.toReversed());
}

/** Name and detail. Operators that are not here keep their detail and lose the `Exec`. */
function operatorText({ name, detail }: OperatorNode, stage: StagePlan): readonly [string, string] {
  const fields = fieldsOf(detail);
  const field = (key: string) => fields.get(key) ?? '';
  switch (name) {
    case 'ProjectionExec':
      return ['Project', field('expr')];
    case 'FilterExec':
      return ['Filter', detail.replace(/, projection=\[[^\]]*\]$/, '')];
    case 'SplitScanExec':
    case 'CsvScanExec':
      return ['Scan', scanText(fields, stage)];
    case 'AggregateExec':
      return ['HashAggregate', aggregateText(field)];
    case 'HashJoinExec': {
      const [broadcast, shuffled] = ['BroadcastHashJoin', 'ShuffledHashJoin'];
      return [field('mode') === 'CollectLeft' ? broadcast : shuffled, joinText(field)];
    }
    case 'SortMergeJoinExec':
      return ['SortMergeJoin', joinText(field)];
    case 'NestedLoopJoinExec':
      return ['BroadcastNestedLoopJoin', joinText(field)];
    case 'CrossJoinExec':
      return ['CartesianProduct', ''];
    case 'SortExec':
      return ['Sort', field('expr')];
    case 'SortExec(TopK)':
      return ['TakeOrdered', `${/TopK\(fetch=(\d+)\)/.exec(detail)?.[1] ?? ''} ${field('expr')}`];
    case 'LocalLimitExec':
    case 'GlobalLimitExec':
      return [name.replace('Exec', ''), field('fetch')];
    case 'WindowAggExec':
    case 'BoundedWindowAggExec':
      return ['Window', windowText(detail)];
    case 'ShuffleWriteExec':
      return ['Exchange', ''];
    case 'ShuffleReadExec':
      return ['ShuffleRead', detail.replace(/, shuffle=\d+/, '')];
    case 'FileWriteExec':
      return ['WriteFiles', detail];
    default:
      return [name.replace(/Exec$/, ''), detail];
  }
}

function scanText(fields: ReadonlyMap<string, string>, stage: StagePlan): string {
  const scan = stage.scans.find((candidate) => String(candidate.scan) === fields.get('scan'));
  const [, format = '', path = ''] = /^(\w+):(.*?)(?:#[0-9a-f]{16})?$/s.exec(scan?.table ?? '') ?? [];
  const columns = fields.get('projection') ?? fields.get('columns') ?? '[]';
  const predicate = fields.get('predicate');
  return `${format} ${path} ${columns}${predicate === undefined ? '' : `, PushedFilters: ${predicate}`}`.trim();
}

const aggregateModes: Readonly<Record<string, string>> = {
  Partial: 'partial',
  Final: 'final',
  FinalPartitioned: 'final',
};

function aggregateText(field: (key: string) => string): string {
  const mode = aggregateModes[field('mode')];
  // An aggregate's alias is its own text once more.
  const functions = topLevelParts(field('aggr').slice(1, -1)).map((part) => part.split(/ as (?=\w+\()/)[0]);
  return `${mode === undefined ? '' : `${mode}, `}keys=${field('gby')}, functions=[${functions.join(', ')}]`;
}

function joinText(field: (key: string) => string): string {
  const conditions = topLevelParts(field('on').slice(1, -1)).map((pair) => {
    return topLevelParts(pair.slice(1, -1)).join(' = ');
  });
  const filter = field('filter') === '' ? [] : [`filter ${field('filter')}`];
  return [field('join_type'), ...(conditions.length === 0 ? [] : [`on ${conditions.join(' and ')}`]), ...filter].join(
    ', ',
  );
}

/** Without the native type of each function, which its frame follows a second time. */
function windowText(detail: string): string {
  const functions = /^wdw=\[(.*)\]$/s.exec(detail.replace(/, mode=\[\w*\]$/, ''))?.[1] ?? detail;
  const frame =
    /: (?:Ok\()?Field \{.*?\}\)?, frame: (?:WindowFrame \{.*?\}|(?:ROWS|RANGE|GROUPS) BETWEEN [A-Z0-9 ]+)/gs;
  return `[${functions.replace(frame, '')}]`;
}
