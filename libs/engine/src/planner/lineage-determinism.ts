import type { LineageNode, LineageOperator, StagePlan } from '@kiln/contracts/planner';

export type Determinism = StagePlan['determinism'];

/**
 * What each RDD gives when it is made again (Spark's `outputDeterministicLevel`): a shuffle leaves the order open, unless it sorts by
 * unique keys; who then goes by the order of records gives other records.
 */
export function determinismOf(nodes: readonly LineageNode[]): readonly Determinism[] {
  const levels: Determinism[] = [];
  for (const { parents, operator } of nodes) {
    const worst = parents.map((parent) => levels[parent] ?? 'determinate').reduce(worse, 'determinate');
    levels.push(levelOf(operator, worst));
  }
  return levels;
}

function levelOf(operator: LineageOperator, parents: Determinism): Determinism {
  switch (operator.type) {
    case 'shuffle': {
      const { partitioner, aggregator, sort } = operator.shuffle;
      if (partitioner.type === 'round-robin' && parents !== 'determinate') return 'indeterminate';
      if (parents === 'indeterminate') return parents;
      return sort !== null && aggregator !== null ? 'determinate' : 'unordered';
    }
    case 'cogroup':
      return operator.shuffles.some((shuffle) => shuffle !== null) ? worse(parents, 'unordered') : parents;
    case 'sample':
    case 'zip-with-index':
      return parents === 'unordered' ? 'indeterminate' : parents;
    default:
      return parents;
  }
}

const order: readonly Determinism[] = ['determinate', 'unordered', 'indeterminate'];

function worse(a: Determinism, b: Determinism): Determinism {
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}
