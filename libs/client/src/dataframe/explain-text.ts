import type { Partitioning, StageInput, StageOutput, StagePlan } from '@kiln/contracts';
import type { ExplainResult } from '../engine-port.ts';

/** Spark's modes that make sense here. */
export type ExplainMode = 'simple' | 'extended' | 'formatted';

/** A plan for people. */
export function explainText(plan: ExplainResult, mode: ExplainMode): string {
  const notes = plan.notes.length === 0 ? [] : [section('Notes', plan.notes.map((note) => `- ${note}`).join('\n'))];
  switch (mode) {
    case 'extended':
      return [
        section('Unresolved plan', plan.unresolved),
        section('Resolved plan', plan.resolved),
        section('Optimized plan', plan.optimized),
        section('Physical plan', plan.physical),
        ...notes,
      ].join('\n\n');
    case 'formatted':
      return [...plan.stages.map(stageText), ...notes].join('\n\n');
    default:
      return [section('Physical plan', plan.physical), ...notes].join('\n\n');
  }
}

function section(title: string, text: string): string {
  return `== ${title} ==\n${text.trimEnd()}`;
}

function stageText(stage: StagePlan): string {
  const lines = [
    `${stage.numTasks} task${stage.numTasks === 1 ? '' : 's'}, output: ${outputText(stage.output)}`,
    ...stage.inputs.map((input) => `reads stage ${input.stage}: ${inputText(input)}`),
    ...(stage.estimatedBytes === null ? [] : [`about ${stage.estimatedBytes.toLocaleString('en')} bytes`]),
    ...(stage.determinism === 'determinate'
      ? []
      : [
          `${stage.determinism}: another attempt may give rows in another order${stage.determinism === 'indeterminate' ? ' or other rows' : ''}`,
        ]),
    ...operatorLines(stage.operators, ''),
  ];
  return section(`Stage ${stage.id}`, lines.join('\n'));
}

function operatorLines(node: StagePlan['operators'], indent: string): string[] {
  const line = `${indent}${node.name}${node.detail === '' ? '' : ` ${node.detail}`}`;
  return [line, ...node.children.flatMap((child) => operatorLines(child, `${indent}  `))];
}

function outputText(output: StageOutput): string {
  switch (output.type) {
    case 'shuffle':
      return `shuffle ${output.shuffleId}, ${partitioningText(output.partitioning)}`;
    case 'result':
      return 'the result';
    case 'scalar-subquery':
      return `the value of subquery ${output.subqueryId}`;
    case 'write':
      return `${output.format} files in ${output.path}`;
  }
}

function partitioningText(partitioning: Partitioning): string {
  switch (partitioning.type) {
    case 'hash':
      return `${partitioning.numPartitions} partitions by hash of ${partitioning.expressions.join(', ')}`;
    case 'round-robin':
      return `${partitioning.numPartitions} partitions in turn`;
    case 'range':
      return `${partitioning.numPartitions} ranges of ${partitioning.order.join(', ')}`;
    case 'single':
      return partitioning.merge ? `one partition, merged by ${partitioning.merge.join(', ')}` : 'one partition';
    case 'broadcast':
      return 'to every task';
  }
}

function inputText(input: StageInput): string {
  switch (input.type) {
    case 'shuffle':
      return `shuffle ${input.shuffleId}, ${input.numPartitions} partitions`;
    case 'broadcast':
      return `broadcast ${input.shuffleId}`;
    case 'scalar-subquery':
      return `subquery ${input.subqueryId}`;
  }
}
