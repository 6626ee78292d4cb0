import { ancestry, type RddNode, type ResolvedRdd } from './rdd-node.ts';

/** As Spark's `toDebugString`: `(partitions) name[id]`, narrow parents below, what is shuffled behind `+-`. */
export function debugString(node: RddNode, resolved: ReadonlyMap<RddNode, ResolvedRdd>): string {
  const shuffled = shuffles(node, resolved);
  const lines: string[] = [];
  // Not by calls: a lineage may be as deep as a loop is long.
  const open: { node: RddNode; indent: string; first: boolean }[] = [{ node, indent: '', first: true }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node: at, indent, first } = next;
    const count = `(${resolved.get(at)?.partitions ?? '?'})`;
    const margin = first ? `${count} ` : `${' '.repeat(count.length - 1)}| `;
    lines.push(`${first ? indent : blank(indent)}${margin}${at.name} [${at.id}]`);
    const isWide = shuffled.get(at) ?? [];
    for (const [index, parent] of [...at.parents.entries()].reverse()) {
      if (isWide[index]) open.push({ node: parent, indent: `${blank(indent)} +-`, first: true });
      else open.push({ node: parent, indent, first: false });
    }
  }
  return lines.join('\n');
}

/** Below a step there is none. */
function blank(indent: string): string {
  return indent.replace('+-', '  ');
}

/** Of each RDD, which of its parents it shuffles. */
function shuffles(
  node: RddNode,
  resolved: ReadonlyMap<RddNode, ResolvedRdd>,
): ReadonlyMap<RddNode, readonly boolean[]> {
  return new Map(
    ancestry(node).map((at) => {
      const operator = resolved.get(at)?.operator(() => 0);
      if (operator?.type === 'shuffle') return [at, [true]];
      return [at, operator?.type === 'cogroup' ? operator.shuffles.map((shuffle) => shuffle !== null) : []];
    }),
  );
}
