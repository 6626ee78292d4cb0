import { nearest } from '@kiln/base';
import { tablesOfSql } from '../session/sql-references.ts';
import type { JobIssue } from './check.ts';
import type { JobDefinition, StepDefinition } from './definition.ts';

/** The steps of a job, each after those it needs; or what is wrong with their names. */
export function orderSteps(job: JobDefinition): {
  readonly order: readonly string[];
  readonly issues: readonly JobIssue[];
} {
  const sources = Object.keys(job.sources ?? {});
  const steps = new Map(Object.entries(job.steps ?? {}));
  const issues = [...sameNames(sources, [...steps.keys()]), ...unknownNames(job, [...sources, ...steps.keys()])];
  const order: string[] = [];
  const open: string[] = [];
  const visit = (name: string) => {
    if (order.includes(name)) return;
    if (open.includes(name)) {
      issues.push(cycle([...open.slice(open.indexOf(name)), name]));
      return;
    }
    open.push(name);
    const step = steps.get(name) as StepDefinition;
    for (const needed of stepsNeededBy(step, [...steps.keys()])) visit(needed);
    open.pop();
    order.push(name);
  };
  for (const name of steps.keys()) visit(name);
  return { order, issues };
}

function stepsNeededBy(step: StepDefinition, names: readonly string[]): readonly string[] {
  if (!('sql' in step)) return (step.inputs ?? []).filter((input) => names.includes(input));
  const tables = tablesOfSql(step.sql);
  return names.filter((name) => tables.has(name.toLowerCase()));
}

function cycle(names: readonly string[]): JobIssue {
  return {
    place: { path: ['steps', names[0] as string], key: true },
    message:
      names.length === 2
        ? `step "${names[0]}" needs itself.`
        : `steps need each other in a circle: ${names.join(' -> ')}.`,
  };
}

/** Names are compared without regard to case, as SQL does. */
function sameNames(sources: readonly string[], steps: readonly string[]): JobIssue[] {
  const seen = new Map<string, string>();
  const all = [...sources.map((name) => ['sources', name] as const), ...steps.map((name) => ['steps', name] as const)];
  return all.flatMap(([room, name]) => {
    const before = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), `${room}.${name}`);
    return before === undefined
      ? []
      : [{ place: { path: [room, name], key: true }, message: `the name "${name}" is taken already, by ${before}.` }];
  });
}

function unknownNames(job: JobDefinition, known: readonly string[]): JobIssue[] {
  const check = (name: string, path: readonly (string | number)[]): JobIssue[] => {
    if (known.includes(name)) return [];
    const near = nearest(name, known);
    const hint = near
      ? `Did you mean "${near}"?`
      : known.length > 0
        ? `There are: ${known.join(', ')}.`
        : 'There are no sources and steps.';
    return [{ place: { path }, message: `"${name}" is not the name of a source or step.`, hint }];
  };
  return [
    ...Object.entries(job.steps ?? {}).flatMap(([step, definition]) =>
      'sql' in definition
        ? []
        : (definition.inputs ?? []).flatMap((input, index) => check(input, ['steps', step, 'inputs', index])),
    ),
    ...job.outputs.flatMap((output, index) => check(output.from, ['outputs', index, 'from'])),
  ];
}
