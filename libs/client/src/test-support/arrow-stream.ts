import type { DataType, StructField } from '@kiln/contracts';
import * as arrow from 'apache-arrow';

/**
 * Values as an engine keeps them, written as an Arrow IPC stream by another library than the one that decodes:
 * integers and decimals as (unscaled) bigint, dates as days, timestamps as microseconds, structs as arrays.
 */
export type Stored =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Stored[]
  | { readonly entries: readonly (readonly [Stored, Stored])[] };

/** One IPC stream with a record batch per element of `batches`, each a list of rows. */
export function arrowStream(
  fields: readonly StructField[],
  batches: readonly (readonly (readonly Stored[])[])[],
): Uint8Array {
  const schema = new arrow.Schema(fields.map((field) => new arrow.Field(field.name, arrowType(field.dataType), true)));
  const made = batches.map((rows) => {
    const children = fields.map((field, column) =>
      dataOf(
        field.dataType,
        rows.map((row) => row[column] ?? null),
      ),
    );
    const struct = arrow.makeData({
      type: new arrow.Struct(schema.fields),
      length: rows.length,
      nullCount: 0,
      children,
    });
    return new arrow.RecordBatch(schema, struct);
  });
  const writer = new arrow.RecordBatchStreamWriter();
  writer.write(new arrow.Table(schema, made.length > 0 ? made : []));
  return writer.finish().toUint8Array(true);
}

function arrowType(type: DataType): arrow.DataType {
  switch (type.type) {
    case 'null':
      return new arrow.Null();
    case 'boolean':
      return new arrow.Bool();
    case 'byte':
      return new arrow.Int8();
    case 'short':
      return new arrow.Int16();
    case 'integer':
      return new arrow.Int32();
    case 'long':
      return new arrow.Int64();
    case 'float':
      return new arrow.Float32();
    case 'double':
      return new arrow.Float64();
    case 'decimal':
      return new arrow.Decimal(type.scale, type.precision, 128);
    case 'string':
      return new arrow.Utf8();
    case 'binary':
      return new arrow.Binary();
    case 'date':
      return new arrow.DateDay();
    case 'timestamp':
      return new arrow.TimestampMicrosecond('UTC');
    case 'timestamp-ntz':
      return new arrow.TimestampMicrosecond();
    case 'year-month-interval':
      return new arrow.IntervalYearMonth();
    case 'day-time-interval':
      return new arrow.DurationMicrosecond();
    case 'array':
      return new arrow.List(new arrow.Field('element', arrowType(type.element), true));
    case 'map':
      return new arrow.Map_(new arrow.Field('entries', entryType(type), false) as never, false);
    case 'struct':
      return new arrow.Struct(type.fields.map((field) => new arrow.Field(field.name, arrowType(field.dataType), true)));
    default:
      throw new Error(`no Arrow type for ${type.type}`);
  }
}

function entryType(type: Extract<DataType, { type: 'map' }>): arrow.Struct {
  return new arrow.Struct([
    new arrow.Field('key', arrowType(type.key), false),
    new arrow.Field('value', arrowType(type.value), true),
  ]);
}

function dataOf(type: DataType, values: readonly Stored[]): arrow.Data {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (value !== null) nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  });
  const common = {
    type: arrowType(type) as never,
    length: values.length,
    nullCount: values.filter((value) => value === null).length,
    nullBitmap,
  };
  const make = (parts: object) => arrow.makeData({ ...common, ...parts } as never) as arrow.Data;
  const numbers = values.map((value) => Number(value ?? 0));
  const bigints = () => values.map((value) => BigInt((value as bigint | null) ?? 0n));
  switch (type.type) {
    case 'null':
      return arrow.makeData({ type: new arrow.Null(), length: values.length });
    case 'boolean': {
      const data = new Uint8Array(nullBitmap.length);
      values.forEach((value, i) => {
        if (value === true) data[i >> 3] = (data[i >> 3] ?? 0) | (1 << (i & 7));
      });
      return make({ data });
    }
    case 'byte':
      return make({ data: Int8Array.from(numbers) });
    case 'short':
      return make({ data: Int16Array.from(numbers) });
    case 'integer':
    case 'date':
    case 'year-month-interval':
      return make({ data: Int32Array.from(numbers) });
    case 'float':
      return make({ data: Float32Array.from(numbers) });
    case 'double':
      return make({ data: Float64Array.from(numbers) });
    case 'long':
    case 'timestamp':
    case 'timestamp-ntz':
    case 'day-time-interval':
      return make({ data: BigInt64Array.from(bigints()) });
    case 'decimal': {
      const words = new BigInt64Array(values.length * 2);
      bigints().forEach((value, i) => {
        words[2 * i] = BigInt.asIntN(64, value);
        words[2 * i + 1] = BigInt.asIntN(64, value >> 64n);
      });
      return make({ data: new Uint32Array(words.buffer) });
    }
    case 'string':
      return make(bytesOf(values.map((value) => new TextEncoder().encode((value as string | null) ?? ''))));
    case 'binary':
      return make(bytesOf(values.map((value) => (value as Uint8Array | null) ?? new Uint8Array())));
    case 'array': {
      const lists = values.map((value) => (value as readonly Stored[] | null) ?? []);
      return make({ valueOffsets: offsetsOf(lists), child: dataOf(type.element, lists.flat()) });
    }
    case 'map': {
      const maps = values.map(
        (value) => (value as { readonly entries: readonly (readonly [Stored, Stored])[] } | null)?.entries ?? [],
      );
      const entries = maps.flat();
      const children = [
        dataOf(
          type.key,
          entries.map(([key]) => key),
        ),
        dataOf(
          type.value,
          entries.map(([, value]) => value),
        ),
      ];
      const child = arrow.makeData({ type: entryType(type), length: entries.length, nullCount: 0, children });
      return make({ valueOffsets: offsetsOf(maps), child });
    }
    case 'struct': {
      const structs = values.map((value) => value as readonly Stored[] | null);
      return make({
        children: type.fields.map((field, i) =>
          dataOf(
            field.dataType,
            structs.map((row) => row?.[i] ?? null),
          ),
        ),
      });
    }
    default:
      throw new Error(`no Arrow data for ${type.type}`);
  }
}

function offsetsOf(lists: readonly { readonly length: number }[]): Int32Array {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + list.length;
  });
  return offsets;
}

function bytesOf(values: readonly Uint8Array[]): { valueOffsets: Int32Array; data: Uint8Array } {
  return { valueOffsets: offsetsOf(values), data: Buffer.concat(values) };
}
