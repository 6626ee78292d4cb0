/**
 * Arrow IPC to JavaScript values. The only file that knows an Arrow library:
 * flechette, because it loads in 8 ms where apache-arrow takes 100, and hands out
 * 64-bit integers, timestamps and decimals as the integers they are stored as.
 */

import type { DataType, StructField } from '@kiln/contracts';
import { type Batch, tableFromIPC } from '@uwdata/flechette';
import { clientError } from '../errors.ts';
import { decimalText } from './decimal-text.ts';
import { rowFactory } from './row.ts';
import { dateText, timestampText } from './time-text.ts';
import type { Row, Value } from './value.ts';

const exactIntegers = { useBigInt: true, useBigIntTimestamp: true, useDecimalInt: true } as const;
const millisPerDay = 86_400_000;

type ArrowBatch = Batch<unknown>;
type ValueReader = (index: number) => Value;

/** The rows of one Arrow IPC stream, whose columns are `fields`. */
export function* decodeRows(stream: Uint8Array, fields: readonly StructField[]): Generator<Row> {
  const table = tableFromIPC(aligned(stream), exactIntegers);
  if (table.numCols !== fields.length) {
    throw clientError('KILN_RESULT', `The engine sent ${table.numCols} columns where the schema has ${fields.length}.`);
  }
  const toRow = rowFactory(fields.map((field) => field.name));
  const batchesPerColumn = table.children.map((column) => column.data as readonly ArrowBatch[]);
  if (fields.length === 0) {
    for (let i = 0; i < table.numRows; i++) yield toRow([]);
    return;
  }
  for (let b = 0; b < (batchesPerColumn[0]?.length ?? 0); b++) {
    const batches = batchesPerColumn.map((column) => column[b] as ArrowBatch);
    const readers = fields.map((field, c) => valueReader(field.dataType, batches[c] as ArrowBatch));
    const rows = batches[0]?.length ?? 0;
    for (let i = 0; i < rows; i++) yield toRow(readers.map((read) => read(i)));
  }
}

/** Arrow's buffers are read as 64-bit arrays, which need their bytes to begin at a multiple of 8. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

function valueReader(type: DataType, batch: ArrowBatch): ValueReader {
  const read = nonNullReader(type, batch);
  if (batch.nullCount === 0 || !batch.validity) return read;
  return (index) => (batch.isValid(index) ? read(index) : null);
}

function nonNullReader(type: DataType, batch: ArrowBatch): ValueReader {
  switch (type.type) {
    case 'decimal': {
      const { scale } = type;
      return (index) => decimalText(BigInt(batch.value(index) as bigint | number), scale);
    }
    case 'date':
      return (index) => dateText(Math.round((batch.value(index) as number) / millisPerDay));
    case 'timestamp':
      return (index) => `${timestampText(batch.value(index) as bigint)}Z`;
    case 'timestamp-ntz':
      return (index) => timestampText(batch.value(index) as bigint);
    case 'binary':
      // A copy: a view would keep the whole result in memory.
      return (index) => (batch.value(index) as Uint8Array).slice();
    case 'array':
      return arrayReader(type.element, batch);
    case 'map':
      return mapReader(type.key, type.value, batch);
    case 'struct':
      return structReader(type.fields, batch);
    default:
      return (index) => batch.value(index) as Value;
  }
}

function arrayReader(element: DataType, batch: ArrowBatch): ValueReader {
  const read = valueReader(element, child(batch, 0));
  const offsets = batch.offsets as ArrayLike<number>;
  return (index) => range(offsets, index).map(read);
}

function mapReader(key: DataType, value: DataType, batch: ArrowBatch): ValueReader {
  const entries = child(batch, 0);
  const readKey = valueReader(key, child(entries, 0));
  const readValue = valueReader(value, child(entries, 1));
  const offsets = batch.offsets as ArrayLike<number>;
  return (index) => new Map(range(offsets, index).map((entry) => [readKey(entry), readValue(entry)]));
}

function structReader(fields: readonly StructField[], batch: ArrowBatch): ValueReader {
  const toRow = rowFactory(fields.map((field) => field.name));
  const readers = fields.map((field, i) => valueReader(field.dataType, child(batch, i)));
  return (index) => toRow(readers.map((read) => read(index)));
}

function child(batch: ArrowBatch, index: number): ArrowBatch {
  return batch.children[index] as ArrowBatch;
}

function range(offsets: ArrayLike<number>, index: number): number[] {
  const start = Number(offsets[index]);
  return Array.from({ length: Number(offsets[index + 1]) - start }, (_, i) => start + i);
}
