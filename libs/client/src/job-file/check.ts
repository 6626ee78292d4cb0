import { nearest } from '@kiln/base';
import type { z } from 'zod';
import { type JobDefinition, jobDefinition } from './definition.ts';
import type { JobPath, JobPlace } from './job-source.ts';

/** Something wrong at a place of a job file. */
export interface JobIssue {
  readonly place: JobPlace;
  readonly message: string;
  readonly hint?: string;
}

type Issue = z.core.$ZodIssue;

/** Checks the shape of a job file; either the definition or all that is wrong with it. */
export function checkShape(
  value: unknown,
): { readonly definition: JobDefinition } | { readonly issues: readonly JobIssue[] } {
  const result = jobDefinition.safeParse(value);
  if (result.success) return { definition: result.data };
  return { issues: result.error.issues.flatMap((issue) => describe(issue, value)) };
}

function describe(issue: Issue, root: unknown): JobIssue[] {
  const path = issue.path as JobPath;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, root));
    case 'invalid_union':
      if (hasNoForm(path, valueAt(root, path))) return [wrong(path, forms[path[0] as string] as string)];
      return bestBranch(issue.errors, valueAt(root, path)).flatMap((inner) =>
        describe({ ...inner, path: [...path, ...inner.path] } as Issue, root),
      );
    case 'invalid_type':
      return [
        valueAt(root, path) === undefined
          ? missing(path)
          : wrong(path, `${typeWord(issue.expected)} is wanted here, not ${valueWord(valueAt(root, path))}.`),
      ];
    case 'invalid_value':
      return [notOneOf(path, issue.values.map(String), valueAt(root, path))];
    case 'invalid_key':
      return [
        {
          place: { path, key: true },
          message: `"${path.at(-1)}" cannot be a name: ${issue.issues[0]?.message ?? 'it is not valid'}.`,
        },
      ];
    case 'too_small':
      return [
        wrong(
          path,
          issue.origin === 'array'
            ? 'the list is empty.'
            : `${valueWord(valueAt(root, path))} is too small: it must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}.`,
        ),
      ];
    case 'invalid_format':
      return [wrong(path, `${valueWord(valueAt(root, path))} cannot be a name: ${issue.message}.`)];
    default:
      return [wrong(path, `${issue.message}.`)];
  }
}

const forms: Readonly<Record<string, string>> = {
  steps: 'a step needs "sql", or "module" and "function".',
  outputs: 'an output needs "show", or "format" and "path".',
};

/** Neither the keys of one form nor of the other, nor any that might be meant. */
function hasNoForm(path: JobPath, value: unknown): boolean {
  if (path.length !== 2 || forms[path[0] as string] === undefined) return false;
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).every((key) => key === 'from');
}

/** Of the forms a value may take, the one it comes nearest to; when none fits at all, one issue for all. */
function bestBranch(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] {
  const types = branches.map((issues) =>
    issues.length === 1 && issues[0]?.code === 'invalid_type' && issues[0].path.length === 0
      ? issues[0].expected
      : null,
  );
  if (types.every((type) => type !== null)) {
    return [
      {
        code: 'custom',
        path: [],
        message: `${types.map(typeWord).join(' or ')} is wanted here, not ${valueWord(value)}`,
        input: value,
      },
    ] as Issue[];
  }
  const weight = (issues: readonly Issue[]) =>
    issues.reduce(
      (sum, issue) =>
        sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : issue.path.length === 0 ? 9 : 1),
      0,
    );
  return branches.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
}

function unknownKey(path: JobPath, key: string, root: unknown): JobIssue {
  const hint = hintOfKey(path, key, root);
  const place = { path: [...path, key], key: true };
  return { place, message: `"${key}" is not known ${placeWord(path)}.`, ...(hint ? { hint } : {}) };
}

function hintOfKey(path: JobPath, key: string, root: unknown): string | undefined {
  if (path.length === 0 && knownKeys(['engine'], undefined).includes(key)) return `It belongs under "engine".`;
  const near = nearest(key, knownKeys(path, valueAt(root, path)));
  if (near) return `Did you mean "${near}"?`;
  // No key looks like that, but the rest of a query does.
  return key.includes(' ') ? 'Within { } a comma ends a value: put a text that has one in quotes.' : undefined;
}

function missing(path: JobPath): JobIssue {
  return {
    place: { path: path.slice(0, -1) },
    message: `"${path.at(-1)}" is missing ${placeWord(path.slice(0, -1))}.`,
  };
}

function notOneOf(path: JobPath, words: readonly string[], value: unknown): JobIssue {
  const near = nearest(String(value), words);
  return {
    place: { path },
    message: `${valueWord(value)} is not one of ${words.join(', ')}.`,
    ...(near ? { hint: `Did you mean "${near}"?` } : {}),
  };
}

function wrong(path: JobPath, message: string): JobIssue {
  return { place: { path }, message };
}

/** What may stand at a path, as far as it is a fixed set of keys. */
function knownKeys(path: JobPath, value: unknown): string[] {
  const keys = (schema: unknown): string[] => {
    const { def } = schema as { readonly def: Record<string, unknown> & { readonly type: string } };
    if (def.type === 'optional') return keys(def['innerType']);
    if (def.type === 'union') return (def['options'] as unknown[]).flatMap(keys);
    return def.type === 'object' ? Object.keys(def['shape'] as object) : [];
  };
  const present = new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  return [...new Set(keys(schemaAt(path)))].filter((key) => !present.has(key));
}

function schemaAt(path: JobPath): unknown {
  let schema: unknown = jobDefinition;
  for (const part of path) schema = member(schema, part);
  return schema;
}

function member(schema: unknown, part: string | number): unknown {
  const { def } = schema as { readonly def: Record<string, unknown> & { readonly type: string } };
  switch (def.type) {
    case 'optional':
      return member(def['innerType'], part);
    case 'record':
      return def['valueType'];
    case 'array':
      return def['element'];
    case 'union':
      return (def['options'] as unknown[]).find(
        (option) => (option as { def: { type: string } }).def.type === 'object',
      );
    default:
      return (def['shape'] as Record<string, unknown>)[part];
  }
}

/** The value at a path. */
function valueAt(root: unknown, path: JobPath): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part],
    root,
  );
}

function placeWord(path: JobPath): string {
  const [room, which] = path;
  if (room === undefined) return 'in a job file';
  if (which === undefined) return `in "${room}"`;
  if (room === 'outputs') return `in output ${Number(which) + 1}`;
  return room === 'sources' || room === 'steps'
    ? `in ${room === 'sources' ? 'source' : 'step'} "${which}"`
    : `in "${path.join('.')}"`;
}

function typeWord(type: string): string {
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    int: 'an integer',
    boolean: 'true or false',
    array: 'a list',
    record: 'a map',
    object: 'a map',
  };
  return words[type] ?? type;
}

function valueWord(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : JSON.stringify(value);
}
