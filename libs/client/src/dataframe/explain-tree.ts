import type { OperatorNode, Partitioning, StageInput, StagePlan } from '@kiln/contracts';

/** The whole plan as one tree, as Spark prints it: where a stage reads another one, an exchange stands with that stage below. */
export function planTree(stages: readonly StagePlan[]): string {
  const last = stages.at(-1);
  if (last === undefined) return '';
  const subqueries = stages.flatMap((stage) =>
    stage.output.type === 'scalar-subquery'
      ? [
          `Subquery ${stage.output.subqueryId}  [stage ${stage.id}, ${tasksText(stage.numTasks)}]`,
          ...lines(stage.operators, stage, '  ', stages),
        ]
      : [],
  );
  return [...lines(last.operators, last, '', stages), ...subqueries].join('\n');
}

/** The operators of one stage; what comes from another one is named by that. */
export function stageLines(stage: StagePlan, node = stage.operators, indent = ''): string[] {
  const input = inputOf(node, stage);
  const text = input === undefined ? nodeText(node) : `ShuffleRead stage ${input.stage}${readText(node)}`;
  return [`${indent}${text}`, ...node.children.flatMap((child) => stageLines(stage, child, `${indent}  `))];
}

function lines(node: OperatorNode, stage: StagePlan, indent: string, stages: readonly StagePlan[]): string[] {
  const from = inputOf(node, stage)?.stage;
  const source = stages.find((candidate) => candidate.id === from);
  if (source?.output.type !== 'shuffle')
    return [
      `${indent}${nodeText(node)}`,
      ...node.children.flatMap((child) => lines(child, stage, `${indent}  `, stages)),
    ];
  const place = `[stage ${source.id}, ${tasksText(source.numTasks)}]`;
  return [
    `${indent}${exchangeText(source.output.partitioning)}${readText(node)}  ${place}`,
    // The exchange itself is the first operator of the stage that writes it.
    ...source.operators.children.flatMap((child) => lines(child, source, `${indent}  `, stages)),
  ];
}

function inputOf(node: OperatorNode, stage: StagePlan): StageInput | undefined {
  const reader = /^reader=(\d+)/.exec(node.detail)?.[1];
  if (node.name !== 'ShuffleRead' || reader === undefined) return undefined;
  return stage.inputs.find((candidate) => 'reader' in candidate && candidate.reader === Number(reader));
}

function readText({ detail }: OperatorNode): string {
  const fetch = /\bfetch=(\d+)$/.exec(detail)?.[1];
  return fetch === undefined ? '' : `, first ${fetch}`;
}

function nodeText({ name, detail }: OperatorNode): string {
  return detail === '' ? name : `${name} ${detail}`;
}

/** An exchange in Spark's words. */
export function exchangeText(partitioning: Partitioning): string {
  switch (partitioning.type) {
    case 'hash':
      return `Exchange hashpartitioning(${[...partitioning.expressions, partitioning.numPartitions].join(', ')})`;
    case 'round-robin':
      return `Exchange RoundRobinPartitioning(${partitioning.numPartitions})`;
    case 'range':
      return `Exchange rangepartitioning(${[...partitioning.order, partitioning.numPartitions].join(', ')})`;
    case 'single':
      return `Exchange SinglePartition${partitioning.merge ? `, merged by ${partitioning.merge.join(', ')}` : ''}`;
    case 'broadcast':
      return 'BroadcastExchange';
  }
}

/** `1 task`, `2 tasks`. */
export function tasksText(count: number): string {
  return `${count} task${count === 1 ? '' : 's'}`;
}
