import type { Relation } from '@kiln/contracts';

/**
 * Removes the `plan-id` nodes that no column refers to. Every DataFrame carries one, because `df.col(..)` may be
 * called after others were derived from it; few are needed when the plan is used.
 */
export function withoutUnusedPlanIds(plan: Relation): Relation {
  const used = new Set<number>();
  collect(plan, used);
  return prune(plan, used) as Relation;
}

function collect(node: unknown, used: Set<number>): void {
  if (Array.isArray(node)) for (const item of node) collect(item, used);
  else if (isNode(node)) {
    if (node['type'] === 'unresolved-attribute' && typeof node['planId'] === 'number') used.add(node['planId']);
    for (const value of childValues(node)) collect(value, used);
  }
}

/** Keeps every part that does not change. */
function prune(node: unknown, used: ReadonlySet<number>): unknown {
  if (Array.isArray(node)) {
    const items = node.map((item) => prune(item, used));
    return items.some((item, index) => item !== node[index]) ? items : node;
  }
  if (!isNode(node)) return node;
  if (node['type'] === 'plan-id' && !used.has(node['planId'] as number)) return prune(node['input'], used);
  if (node['type'] === 'local-relation') return node;
  let changed: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(node)) {
    const pruned = prune(value, used);
    if (pruned === value) continue;
    changed ??= { ...node };
    changed[key] = pruned;
  }
  return changed ?? node;
}

/** Rows of values hold no column and may be many. */
function childValues(node: Record<string, unknown>): unknown[] {
  return node['type'] === 'local-relation' ? [] : Object.values(node);
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
