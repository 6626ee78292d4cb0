import { readFile } from 'node:fs/promises';
import { KilnError } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';
import type { PoolSpec } from '@kiln/contracts/task-scheduler';
import { DOMParser, type Element } from '@xmldom/xmldom';
import { parse } from 'yaml';

type RawPool = Readonly<Record<string, string>>;

const longestFile = 1 << 20;

/**
 * The FAIR pools of `spark.scheduler.allocation.file`, none when it is not set: Spark's XML, or (`.yaml`, `.yml`) a list `pools` of the same
 * fields. Errors: KILN_SCHEDULER_POOLS names the file and what is wrong in it.
 */
export async function readPools(settings: EngineSettings): Promise<readonly PoolSpec[]> {
  const file = settings.get('spark.scheduler.allocation.file');
  if (file === undefined || settings.get('spark.scheduler.mode') !== 'FAIR') return [];
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw problem(file, 'it cannot be read', cause);
  }
  return parsePools(text, file);
}

export function parsePools(text: string, file: string): readonly PoolSpec[] {
  if (text.length > longestFile) throw problem(file, 'it is longer than 1 MiB');
  const raw = /\.ya?ml$/i.test(file) ? poolsOfYaml(text, file) : poolsOfXml(text, file);
  const names = new Set<string>();
  return raw.map((pool) => {
    const spec = poolSpec(pool, file);
    if (names.has(spec.name)) throw problem(file, `pool '${spec.name}' is there twice`);
    names.add(spec.name);
    return spec;
  });
}

function poolsOfXml(text: string, file: string): readonly RawPool[] {
  let root: Element | null;
  try {
    // A document type could define entities; the file has no use for one.
    if (/<!DOCTYPE/i.test(text)) throw new Error('it has a document type');
    const onError = (_level: string, message: string) => {
      throw new Error(message);
    };
    root = new DOMParser({ onError }).parseFromString(text, 'text/xml').documentElement;
  } catch (cause) {
    throw problem(file, 'it is no well-formed XML', cause);
  }
  if (root?.nodeName !== 'allocations') throw problem(file, 'its root element is not <allocations>');
  return elementsIn(root).map((element) => {
    if (element.nodeName !== 'pool')
      throw problem(file, `<${element.nodeName}> is not known; pools are <pool> elements`);
    const fields = elementsIn(element).map((field) => [field.nodeName, field.textContent?.trim() ?? ''] as const);
    return { name: element.getAttribute('name') ?? '', ...Object.fromEntries(fields) };
  });
}

function elementsIn(element: Element): readonly Element[] {
  return [...element.childNodes].filter((node) => node.nodeType === node.ELEMENT_NODE) as Element[];
}

function poolsOfYaml(text: string, file: string): readonly RawPool[] {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch (cause) {
    throw problem(file, 'it is no valid YAML', cause);
  }
  const pools = isObject(value) ? value['pools'] : undefined;
  if (!Array.isArray(pools)) throw problem(file, "it has no list 'pools'");
  return pools.map((pool) => {
    if (!isObject(pool)) throw problem(file, 'a pool is not a mapping');
    return Object.fromEntries(Object.entries(pool).map(([key, field]) => [key, String(field)]));
  });
}

const known = ['name', 'schedulingMode', 'weight', 'minShare'];

function poolSpec(raw: RawPool, file: string): PoolSpec {
  const { name = '', schedulingMode = 'FIFO', weight = '1', minShare = '0' } = raw;
  if (name === '') throw problem(file, 'a pool has no name');
  const unknown = Object.keys(raw).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw problem(file, `pool '${name}' has a field '${unknown}'; known: ${known.slice(1).join(', ')}`);
  const mode = schedulingMode.toUpperCase();
  if (mode !== 'FIFO' && mode !== 'FAIR')
    throw problem(file, `pool '${name}': schedulingMode is '${schedulingMode}', not FIFO or FAIR`);
  return {
    name,
    schedulingMode: mode,
    weight: count(weight, 1, `pool '${name}': weight`, file),
    minShare: count(minShare, 0, `pool '${name}': minShare`, file),
  };
}

function count(text: string, least: number, what: string, file: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw problem(file, `${what} is '${text}', not a whole number of at least ${least}`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(file: string, what: string, cause?: unknown): KilnError {
  return new KilnError('KILN_SCHEDULER_POOLS', `The allocation file '${file}' cannot be used: ${what}`, {
    hint: 'spark.scheduler.allocation.file names pools with their schedulingMode, weight and minShare; see docs/guides/scheduling.md',
    concerns: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
