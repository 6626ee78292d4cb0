import type { Cte, Relation } from '@kiln/contracts';
import { withoutUnusedPlanIds } from '../dataframe/plan-ids.ts';
import { clientError } from '../errors.ts';
import { tablesOfSql } from './sql-references.ts';

/**
 * The temp views of a session. A plan refers to views by name, and the name is looked up when the plan is used
 * (as in Spark Connect). Invariant: no view reaches itself, see {@link add}.
 */
export class ViewCatalog {
  #views: Readonly<Record<string, Relation>> = {};

  /** All views by lower-cased name; never changed, replaced by {@link add}. */
  get all(): Readonly<Record<string, Relation>> {
    return this.#views;
  }

  /**
   * Registers a view. `session.sql('select .. from v').createOrReplaceTempView('v')` is usual in Spark: a plan that
   * reaches the view it replaces takes what it reaches along, as CTEs.
   */
  add(name: string, plan: Relation, replace: boolean): void {
    const key = viewKey(name);
    if (!replace && Object.hasOwn(this.#views, key)) {
      throw clientError('KILN_VIEW_EXISTS', `There is a temp view "${name}" already.`, {
        hint: 'Use createOrReplaceTempView to replace it.',
      });
    }
    const reached = this.#reach(plan);
    const bound: Relation = reached.some((cte) => cte.name === key)
      ? { type: 'with-ctes', ctes: reached, input: plan }
      : plan;
    this.#views = { ...this.#views, [key]: withoutUnusedPlanIds(bound) };
  }

  /** Forgets a view; false if there was none. */
  drop(name: string): boolean {
    const { [viewKey(name)]: dropped, ...rest } = this.#views;
    this.#views = rest;
    return dropped !== undefined;
  }

  /** The views a plan reaches over any number of others, each after those it needs. */
  #reach(plan: Relation): Cte[] {
    const found = new Map<string, Cte>();
    const visit = (relation: Relation) => {
      for (const name of namesIn(relation)) {
        const view = this.#views[name];
        if (view === undefined || found.has(name)) continue;
        visit(view);
        found.set(name, { name, columnAliases: [], plan: view });
      }
    };
    visit(plan);
    return [...found.values()];
  }
}

function viewKey(name: string): string {
  if (!/^[^.`\s]+$/.test(name))
    throw clientError('KILN_ARGUMENT', `"${name}" is not a name of a view.`, {
      hint: 'It has no dots, back-quotes and spaces.',
    });
  return name.toLowerCase();
}

/** Names of tables in a plan, at any depth. */
function namesIn(node: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(node)) for (const item of node) namesIn(item, names);
  else if (typeof node === 'object' && node !== null) {
    const { type, text, parts } = node as {
      readonly type?: unknown;
      readonly text?: unknown;
      readonly parts?: unknown;
    };
    if (type === 'local-relation') return names;
    if ((type === 'sql' || type === 'expression-string') && typeof text === 'string')
      for (const name of tablesOfSql(text)) names.add(name);
    if (type === 'named-table' && Array.isArray(parts) && parts.length === 1) names.add(String(parts[0]).toLowerCase());
    for (const value of Object.values(node)) namesIn(value, names);
  }
  return names;
}
