import type { Relation, StageInput, StagePlan } from '@kiln/contracts';
import type { ExplainResult } from '../engine-port.ts';
import { exchangeText, planTree, stageLines, tasksText } from './explain-tree.ts';

/** Spark's modes that make sense here. */
export type ExplainMode = 'simple' | 'extended' | 'formatted';

/** A plan for people. */
export function explainText(plan: ExplainResult, asked: Relation, mode: ExplainMode): string {
  const notes = plan.notes.length === 0 ? [] : [section('Notes', plan.notes.map((note) => `- ${note}`).join('\n'))];
  const physical = section('Physical Plan', planTree(plan.stages));
  switch (mode) {
    case 'extended':
      return [
        section('Parsed Logical Plan', withSqlTexts(plan.unresolved, asked)),
        section('Analyzed Logical Plan', plan.resolved),
        section('Optimized Logical Plan', plan.optimized),
        physical,
        ...notes,
      ].join('\n\n');
    case 'formatted':
      return [...plan.stages.map((stage) => stageText(stage, plan.stages)), ...notes].join('\n\n');
    default:
      return [physical, ...notes].join('\n\n');
  }
}

/** The native text of an unresolved plan shows the begin of each query only. */
function withSqlTexts(unresolved: string, asked: Relation): string {
  const queries = sqlTexts(asked);
  return unresolved.replace(/^( *)Sql \{ text: ".*$/gm, (line, indent: string) => {
    const query = queries.shift();
    if (query === undefined) return line;
    return [`${indent}Sql`, ...query.split('\n').map((text) => `${indent}  ${text}`)].join('\n');
  });
}

function sqlTexts(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('type' in node && node.type === 'sql' && 'text' in node) return [String(node.text)];
  return Object.values(node).flatMap(sqlTexts);
}

function section(title: string, text: string): string {
  return `== ${title} ==\n${text.trimEnd()}`;
}

function stageText(stage: StagePlan, stages: readonly StagePlan[]): string {
  const size = stage.estimatedBytes === null ? '' : `, about ${stage.estimatedBytes.toLocaleString('en')} bytes`;
  const readers = stages.filter(({ inputs }) => inputs.some((input) => input.stage === stage.id)).map(({ id }) => id);
  const lines = [
    `${tasksText(stage.numTasks)}; gives ${outputText(stage, readers)}${size}`,
    ...stage.inputs.map((input) => `Reads stage ${input.stage}: ${inputText(input)}`),
    ...(stage.determinism === 'indeterminate'
      ? ['Another attempt may give other rows, so a lost block makes all again']
      : []),
    ...(stage.output.type === 'shuffle'
      ? [
          exchangeText(stage.output.partitioning),
          ...stage.operators.children.flatMap((child) => stageLines(stage, child, '  ')),
        ]
      : stageLines(stage)),
  ];
  return section(`Stage ${stage.id}`, lines.join('\n'));
}

function outputText({ output }: StagePlan, readers: readonly number[]): string {
  switch (output.type) {
    case 'shuffle':
      return `rows for stage ${readers.join(', ')}`;
    case 'result':
      return 'the result';
    case 'scalar-subquery':
      return `the value of subquery ${output.subqueryId}`;
    case 'write':
      return `${output.format} files in ${output.path}`;
  }
}

function inputText(input: StageInput): string {
  switch (input.type) {
    case 'shuffle':
      return `${input.numPartitions} partition${input.numPartitions === 1 ? '' : 's'}${input.coalescible && input.numPartitions > 1 ? ', small ones together' : ''}`;
    case 'broadcast':
      return 'all of it in each task';
    case 'scalar-subquery':
      return `the value of subquery ${input.subqueryId}`;
  }
}
