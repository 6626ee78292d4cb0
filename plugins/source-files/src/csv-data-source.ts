import { KilnError, nearest } from '@kiln/base';
import type { StructField } from '@kiln/contracts/plan';
import type { DataSource, ScanFormat, Table, TableRequest } from '@kiln/contracts/planner';
import { inferCsvSchema } from '@kiln/native';
import { listFiles } from './list-files.ts';
import { readNative } from './native-metadata.ts';

type CsvFormat = Extract<ScanFormat, { type: 'csv' }>;

/** Spark's names, which go in any case. */
const options = [
  'header',
  'inferSchema',
  'multiLine',
  'sep',
  'delimiter',
  'quote',
  'escape',
  'nullValue',
  'comment',
  'dateFormat',
  'timestampFormat',
];
const known = new Set(options.map((name) => name.toLowerCase()));

/**
 * CSV with Spark's options: `header` (false), `inferSchema` (false: all strings), `multiLine` (false: every line is a record,
 * so that a value with an end of a line inside needs `true`), `sep`, `quote`, `escape`, `nullValue`, `comment`, `dateFormat`, `timestampFormat`.
 */
export class CsvDataSource implements DataSource {
  readonly format = 'csv';

  async resolve(request: TableRequest): Promise<Table> {
    const given = new Map(Object.entries(request.options).map(([name, value]) => [name.toLowerCase(), value]));
    for (const name of Object.keys(request.options)) if (!known.has(name.toLowerCase())) throw unknownOption(name);
    const scan: CsvFormat = {
      type: 'csv',
      header: flag(given, 'header'),
      delimiter: oneCharacter(given, given.has('sep') ? 'sep' : 'delimiter') ?? ',',
      quote: given.get('quote') === '' ? '' : (oneCharacter(given, 'quote') ?? '"'),
      // Spark's default escape is the backslash.
      escape: oneCharacter(given, 'escape') ?? '\\',
      nullValue: given.get('nullvalue') ?? '',
      comment: oneCharacter(given, 'comment'),
      multiLine: flag(given, 'multiline'),
      dateFormat: given.get('dateformat') ?? null,
      timestampFormat: given.get('timestampformat') ?? null,
    };
    const files = await listFiles(request.paths);
    return {
      fields: request.schema ?? (await this.#infer(files, scan, flag(given, 'inferschema'))),
      scan,
      files,
      rows: null,
      columns: [],
    };
  }

  async #infer(files: Table['files'], scan: CsvFormat, inferTypes: boolean): Promise<readonly StructField[]> {
    if (files.length === 0)
      throw new KilnError('UNABLE_TO_INFER_SCHEMA', 'No CSV files at this path', {
        hint: 'Check the path, or give a schema',
      });
    return readNative<readonly StructField[]>(() =>
      inferCsvSchema(JSON.stringify(files.map((file) => file.path)), JSON.stringify(scan), inferTypes),
    );
  }
}

function flag(given: ReadonlyMap<string, string>, name: string): boolean {
  const value = given.get(name)?.toLowerCase() ?? 'false';
  if (value !== 'true' && value !== 'false')
    throw new KilnError('KILN_SOURCE_OPTIONS', `The CSV option '${name}' is '${value}'`, {
      hint: "Write 'true' or 'false'",
    });
  return value === 'true';
}

function oneCharacter(given: ReadonlyMap<string, string>, name: string): string | null {
  const value = given.get(name);
  if (value === undefined || value === '') return null;
  const character = value === '\\t' ? '\t' : value;
  if (Buffer.byteLength(character) !== 1)
    throw new KilnError('KILN_SOURCE_OPTIONS', `The CSV option '${name}' must be one ASCII character, not '${value}'`);
  return character;
}

function unknownOption(name: string): KilnError {
  const near = nearest(name, options);
  return new KilnError('KILN_SOURCE_OPTIONS', `CSV has no option '${name}'`, {
    hint: `${near === undefined ? '' : `Did you mean '${near}'? `}Known: ${options.join(', ')}`,
  });
}
