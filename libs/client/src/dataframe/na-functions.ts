import type { DataType, StructField } from '@kiln/contracts';
import type { Column } from '../column/column.ts';
import { quotedName } from '../column/names.ts';
import { clientError } from '../errors.ts';
import { coalesce, col, lit, when } from '../functions/index.ts';
import type { DataFrame } from './dataframe.ts';

/** A value that `fill` and `replace` put in; which columns take it goes by its type. */
export type FillValue = number | bigint | string | boolean;

/** Which rows `drop` drops. */
export interface NaDropOptions {
  /** `any` (when left out): rows with a NULL. `all`: rows of nothing else. */
  readonly how?: 'any' | 'all';
  /** Instead of `how`: rows with fewer values than this. */
  readonly minNonNulls?: number;
  /** Columns to look at; all when left out. */
  readonly columns?: readonly string[];
}

/**
 * What to do about missing values: `await df.na.fill(0)`. NaN counts as missing, as in Spark.
 *
 * Types of columns decide here, so each method asks for the schema first and gives a promise of a DataFrame.
 */
export class NaFunctions<T extends object> {
  readonly #frame: DataFrame<T>;

  constructor(frame: DataFrame<T>) {
    this.#frame = frame;
  }

  /** Without rows in which values are missing. */
  async drop({ how = 'any', minNonNulls, columns }: NaDropOptions = {}): Promise<DataFrame<T>> {
    const present = (await this.#fields(columns)).map(isPresent);
    const [first, ...rest] = present;
    if (first === undefined) return this.#frame;
    if (minNonNulls !== undefined) {
      const [one, ...others] = present.map((condition) => when(condition, 1).otherwise(0)) as [Column, ...Column[]];
      return this.#frame.filter(others.reduce((sum, each) => sum.plus(each), one).geq(minNonNulls));
    }
    return this.#frame.filter(rest.reduce((all, each) => (how === 'any' ? all.and(each) : all.or(each)), first));
  }

  /**
   * A value in place of missing ones: `fill(0)` in all numeric columns, `fill('none', ['state'])` in some,
   * `fill({ delay: 0, state: 'none' })` a value each, cast to the column's type.
   */
  async fill(
    value: FillValue | Readonly<Record<string, FillValue>>,
    columns?: readonly string[],
  ): Promise<DataFrame<T>> {
    if (typeof value !== 'object') {
      const fields = (await this.#fields(columns)).filter((field) => takes(field.dataType, value));
      return this.#change(fields, (field) => filled(field, value));
    }
    if (columns !== undefined)
      throw clientError('KILN_ARGUMENT', 'fill takes its columns from the object of values; a list is one too many.');
    const values = Object.values(value);
    const fields = await this.#fields(Object.keys(value));
    return this.#change(fields, (field, index) => filled(field, values[index] as FillValue));
  }

  /**
   * Values in place of others: `replace({ NYC: 'New York' })`, `replace(new Map([[-1, null]]), ['delay'])`.
   * Only columns of the keys' type change; all of them when none is named.
   */
  async replace(
    values: ReadonlyMap<FillValue, FillValue | null> | Readonly<Record<string, string | null>>,
    columns?: readonly string[],
  ): Promise<DataFrame<T>> {
    const pairs: (readonly [FillValue, FillValue | null])[] = [
      ...(values instanceof Map ? values : Object.entries(values as Readonly<Record<string, string | null>>)),
    ];
    const [[key] = []] = pairs;
    if (key === undefined) return this.#frame;
    const fields = (await this.#fields(columns)).filter((field) => takes(field.dataType, key));
    return this.#change(fields, (field) => replaced(field, pairs));
  }

  /** Names that are not there are the engine's error, with what was meant. */
  async #fields(columns: readonly string[] | undefined): Promise<readonly StructField[]> {
    return (columns ? this.#frame.select(...columns) : this.#frame).schema();
  }

  #change(fields: readonly StructField[], change: (field: StructField, index: number) => Column): DataFrame<T> {
    if (fields.length === 0) return this.#frame;
    const changes = fields.map((field, index) => [field.name, change(field, index)] as const);
    return this.#frame.withColumns(Object.fromEntries(changes)).as<T>();
  }
}

const numeric: readonly DataType['type'][] = ['byte', 'short', 'integer', 'long', 'float', 'double', 'decimal'];

/** Whether columns of this type are numbers. */
export function isNumeric({ type }: DataType): boolean {
  return numeric.includes(type);
}

function takes(type: DataType, value: FillValue): boolean {
  if (typeof value === 'string') return type.type === 'string';
  if (typeof value === 'boolean') return type.type === 'boolean';
  return isNumeric(type);
}

const canBeNaN = ({ dataType: { type } }: StructField) => type === 'float' || type === 'double';
const columnOf = ({ name }: StructField) => col(quotedName(name));

function isPresent(field: StructField): Column {
  const column = columnOf(field);
  return canBeNaN(field) ? column.isNotNull().and(column.isNaN().not()) : column.isNotNull();
}

function filled(field: StructField, value: FillValue): Column {
  const column = columnOf(field);
  const present = canBeNaN(field) ? when(column.isNaN().not(), column) : column;
  return coalesce(present, lit(value).cast(field.dataType));
}

function replaced(field: StructField, pairs: readonly (readonly [FillValue, FillValue | null])[]): Column {
  const column = columnOf(field);
  const put = (value: FillValue | null) => lit(value).cast(field.dataType);
  const [[key, value], ...rest] = pairs as [(typeof pairs)[number], ...typeof pairs];
  const first = when(column.eq(key), put(value));
  return rest.reduce((whole, [next, other]) => whole.when(column.eq(next), put(other)), first).otherwise(column);
}
