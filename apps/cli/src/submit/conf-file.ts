import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KilnError } from '@kiln/base';
import { Properties, PropertiesNodeType } from 'properties-file/parser';
import type { Environment } from '../environment.ts';
import { type ConfEntry, checkValues, confOf, effective } from './layers.ts';

/** Where the file with the defaults of all applications is looked for, and which file was asked for. */
export interface ConfFileOptions {
  /** `--properties-file`: takes the place of the file with the defaults. */
  readonly propertiesFile: string | null;
  /** `KILN_CONF_DIR`. */
  readonly confDir: string | null;
}

/**
 * The settings of `--properties-file`, else of `spark-defaults.conf` in `$KILN_CONF_DIR`, else in `./conf`; a file with defaults need not
 * be there. Errors: KILN_SETTINGS_FILE with file and line.
 */
export async function readConfFile({ propertiesFile, confDir }: ConfFileOptions): Promise<readonly ConfEntry[]> {
  const file = propertiesFile ?? join(confDir ?? 'conf', 'spark-defaults.conf');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && propertiesFile === null) return [];
    throw fileError(file, null, `${file} cannot be read: ${fileProblems[code ?? ''] ?? message}`);
  }
  return parseConf(file, text);
}

/** `spark-defaults.conf` for commands that have no `--properties-file`. Errors: KILN_SETTINGS_FILE, KILN_SETTINGS_VALUE. */
export async function defaultConf(environment: Environment): Promise<Readonly<Record<string, string>>> {
  const confDir = environment.variable('KILN_CONF_DIR') ?? null;
  const entries = effective([await readConfFile({ propertiesFile: null, confDir })]);
  checkValues(entries);
  return confOf(entries);
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};

/** A file of Java properties: `name value` or `name=value`, `#` and `!` begin comments. The last of equal names counts. */
export function parseConf(file: string, text: string): readonly ConfEntry[] {
  const properties = parse(text);
  if (properties instanceof Error) {
    // The parser names no line: it is the first without which there is no error.
    const lines = text.split('\n');
    const good = lines.findIndex((_, index) => parse(lines.slice(0, index + 1).join('\n')) instanceof Error);
    throw fileError(file, Math.max(0, good) + 1, `${file} cannot be read: ${properties.message}`);
  }
  return properties.nodes.flatMap((node) => {
    if (node.type !== PropertiesNodeType.PROPERTY) return [];
    const { key: name, startingLineNumber: line } = node;
    const value = node.value.trim();
    if (!/^[\w.-]+$/.test(name)) throw fileError(file, line, `'${name}' is not the name of a setting`);
    if (value === '') throw fileError(file, line, `${name} has no value`);
    return [{ name, value, origin: `${file}:${line}` }];
  });
}

function parse(text: string): Properties | Error {
  try {
    return new Properties(text);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function fileError(file: string, line: number | null, message: string): KilnError {
  return new KilnError('KILN_SETTINGS_FILE', message, {
    concerns: { file },
    ...(line === null
      ? {}
      : { position: { line, column: 1 }, hint: 'A line is a name and a value, for example: spark.executor.memory 2g' }),
  });
}
