import type { Row, Value } from './value.ts';

const columnNames = Symbol('kiln.columnNames');
const allValues = Symbol('kiln.allValues');

interface RowInternals {
  readonly [columnNames]: readonly string[];
  /** Only where two columns share a name. */
  readonly [allValues]?: readonly Value[];
}

/** Makes rows of one shape; `values` come in column order. */
export type RowFactory = (values: readonly Value[]) => Row;

/** What rows have besides their columns; a column of the same name hides it. */
const rowPrototype = {
  *[Symbol.iterator](this: Row & RowInternals): Generator<Value> {
    const all = this[allValues];
    if (all) yield* all;
    else for (const name of this[columnNames]) yield this[name] as Value;
  },
  toJSON(this: Row): unknown {
    return jsonValue(this, true);
  },
};
Object.defineProperty(rowPrototype, 'toJSON', { enumerable: false });

/** Compiles the shape once, so that all rows of a result share one hidden class. */
export function rowFactory(names: readonly string[]): RowFactory {
  const prototype = Object.create(rowPrototype, { [columnNames]: { value: names } });
  const repeats = new Set(names).size < names.length;
  const special = repeats || names.includes('__proto__');
  function Shape(this: Record<string, Value>, values: readonly Value[]) {
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const value = values[i] as Value;
      if (!special) this[name] = value;
      else if (!Object.hasOwn(this, name))
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    }
    if (repeats) Object.defineProperty(this, allValues, { value: values });
  }
  Shape.prototype = prototype;
  const Constructor = Shape as unknown as new (values: readonly Value[]) => Row;
  return (values) => new Constructor(values);
}

/** A value as JSON can hold it: BIGINT keeps its digits as a number, BINARY is base64, a MAP an object, NaN and infinities text. */
export function jsonValue(value: Value, isRow = false): unknown {
  switch (typeof value) {
    case 'bigint':
      return rawJson(String(value));
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (value instanceof Map) return entriesAsObject([...value].map(([key, item]) => [keyText(key), jsonValue(item)]));
  if (Array.isArray(value)) return value.map((item) => jsonValue(item as Value));
  const row = value as Row & RowInternals;
  if (!isRow && typeof row.toJSON === 'function') return row;
  return entriesAsObject(row[columnNames].map((name) => [name, jsonValue(row[name] as Value)]));
}

function keyText(key: Value): string {
  return typeof key === 'object' && key !== null ? JSON.stringify(jsonValue(key)) : String(key);
}

/** Like `Object.fromEntries`, where a later entry does not replace an earlier one. */
function entriesAsObject(entries: readonly (readonly [string, unknown])[]): object {
  const object: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    if (!Object.hasOwn(object, name)) Object.defineProperty(object, name, { value, enumerable: true });
  }
  return object;
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
