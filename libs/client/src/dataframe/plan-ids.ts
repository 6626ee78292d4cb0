import type { Relation } from '@kiln/contracts';
import { clientError } from '../errors.ts';

/**
 * Removes the `plan-id` nodes that no column refers to. Every DataFrame carries one, because `df.col(..)` may be
 * called after others were derived from it; few are needed when the plan is used.
 */
export function withoutUnusedPlanIds(plan: Relation): Relation {
  const used = new Set<number>();
  collect(plan, used, 0);
  return prune(plan, used) as Relation;
}

/** Everything that walks a plan recurses: the stacks of all threads are enough for so many levels. */
const maxDepth = 1000;

function collect(node: unknown, used: Set<number>, depth: number): void {
  if (Array.isArray(node)) for (const item of node) collect(item, used, depth);
  else if (isNode(node)) {
    if (node['type'] === 'unresolved-attribute' && typeof node['planId'] === 'number') used.add(node['planId']);
    const level = typeof node['type'] === 'string' && node['type'] !== 'plan-id' ? depth + 1 : depth;
    if (level > maxDepth)
      throw clientError('PLAN_TOO_DEEP', `The plan is more than ${maxDepth} levels deep`, {
        hint: 'Write an intermediate result with df.write and read it back.',
      });
    for (const value of childValues(node)) collect(value, used, level);
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
