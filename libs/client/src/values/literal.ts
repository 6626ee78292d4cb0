import type { DataType, Expression } from '@kiln/contracts';
import { clientError } from '../errors.ts';
import type { Value } from './value.ts';

/** A JavaScript value that can stand in a query. Besides {@link Value}: `Date` (TIMESTAMP) and plain objects (STRUCT). */
export type LiteralValue = Value | Date | readonly LiteralValue[] | { readonly [field: string]: LiteralValue };

const int32 = 2 ** 31;
const int64 = 2n ** 63n;
const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/**
 * The literal of a value. Without a type: an integral `number` is INT if it fits, else BIGINT; other numbers are DOUBLE,
 * `bigint` is BIGINT (beyond 64 bits DECIMAL), `Date` TIMESTAMP, arrays ARRAY, `Map` MAP, objects STRUCT.
 */
export function literal(value: LiteralValue): Expression {
  switch (typeof value) {
    case 'boolean':
      return typed(String(value), { type: 'boolean' });
    case 'string':
      return typed(value, { type: 'string' });
    case 'number':
      return numberLiteral(value);
    case 'bigint':
      return bigintLiteral(value);
    case 'object':
      break;
    default:
      throw clientError('KILN_VALUE', `A ${typeof value} cannot stand in a query.`);
  }
  if (value === null) return typed(null, { type: 'null' });
  if (value instanceof Uint8Array) return typed(hex(value), { type: 'binary' });
  if (value instanceof Date) return typed(dateValueText(value), { type: 'timestamp' });
  if (value instanceof Map)
    return call(
      'map',
      [...value].flatMap(([key, item]) => [literal(key), literal(item)]),
    );
  if (Array.isArray(value))
    return call(
      'array',
      value.map((item) => literal(item as LiteralValue)),
    );
  return call(
    'named_struct',
    Object.entries(value).flatMap(([name, item]) => [literal(name), literal(item as LiteralValue)]),
  );
}

/** The literal of `value` as `type`; what does not fit is an error. `place` says where in its message. */
export function typedLiteral(value: LiteralValue | undefined, type: DataType, place: string): Expression {
  if (value === null || value === undefined) return typed(null, type);
  switch (type.type) {
    case 'array':
      if (!Array.isArray(value)) break;
      return cast(
        call(
          'array',
          value.map((item) => typedLiteral(item as LiteralValue, type.element, place)),
        ),
        type,
      );
    case 'map': {
      const entries = value instanceof Map ? [...value] : isPlainObject(value) ? Object.entries(value) : undefined;
      if (!entries) break;
      return cast(
        call(
          'map',
          entries.flatMap(([key, item]) => [typedLiteral(key, type.key, place), typedLiteral(item, type.value, place)]),
        ),
        type,
      );
    }
    case 'struct': {
      if (!isPlainObject(value)) break;
      const fields = type.fields.flatMap((field) => [
        literal(field.name),
        typedLiteral(value[field.name], field.dataType, `${place}.${field.name}`),
      ]);
      return cast(call('named_struct', fields), type);
    }
    default: {
      const text = scalarText(value, type);
      if (text !== undefined) return typed(text, type);
    }
  }
  throw clientError('KILN_VALUE', `${place}: ${describe(value)} is not a value of type ${type.type}.`);
}

/** The canonical text of a scalar of `type`, or `undefined` when `value` is none. */
function scalarText(value: LiteralValue, type: DataType): string | undefined {
  switch (type.type) {
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'byte':
      return integerText(value, 2n ** 7n);
    case 'short':
      return integerText(value, 2n ** 15n);
    case 'integer':
      return integerText(value, 2n ** 31n);
    case 'long':
    case 'day-time-interval':
      return integerText(value, int64);
    case 'year-month-interval':
      return integerText(value, 2n ** 31n);
    case 'float':
    case 'double':
      return typeof value === 'number' ? doubleText(value) : typeof value === 'bigint' ? String(value) : undefined;
    case 'decimal':
      return decimalValueText(value, type.precision, type.scale);
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'binary':
      return value instanceof Uint8Array ? hex(value) : undefined;
    case 'date':
      if (value instanceof Date) return dateValueText(value).slice(0, -14);
      return matching(value, /^[+-]?\d{4,}-\d{2}-\d{2}$/);
    case 'timestamp':
      if (value instanceof Date) return dateValueText(value);
      return matching(value, /^[+-]?\d{4,}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$/);
    case 'timestamp-ntz':
      return matching(value, /^[+-]?\d{4,}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$/);
    default:
      return undefined;
  }
}

function numberLiteral(value: number): Expression {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return typed(doubleText(value), { type: 'double' });
  return typed(String(value), { type: value >= -int32 && value < int32 ? 'integer' : 'long' });
}

function bigintLiteral(value: bigint): Expression {
  const text = String(value);
  if (value >= -int64 && value < int64) return typed(text, { type: 'long' });
  const precision = text.replace('-', '').length;
  if (precision > 38) throw clientError('KILN_VALUE', `${text} has ${precision} digits; a DECIMAL has at most 38.`);
  return typed(text, { type: 'decimal', precision, scale: 0 });
}

function integerText(value: LiteralValue, bound: bigint): string | undefined {
  if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value !== 'bigint') return undefined;
  const integer = BigInt(value as number | bigint);
  return integer >= -bound && integer < bound ? String(integer) : undefined;
}

/** A decimal from text, `bigint` or a number; digits that do not fit are refused, never rounded. */
function decimalValueText(value: LiteralValue, precision: number, scale: number): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const match = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(String(value));
  if (!match || /^[+-]?\.?$/.test(String(value))) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (fraction.length > scale || whole.length > precision - scale) return undefined;
  const digits = `${whole || '0'}${scale > 0 ? `.${fraction.padEnd(scale, '0')}` : ''}`;
  return sign === '-' ? `-${digits}` : digits;
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function dateValueText(value: Date): string {
  if (Number.isNaN(value.getTime())) throw clientError('KILN_VALUE', 'An invalid Date cannot stand in a query.');
  return value.toISOString();
}

function matching(value: LiteralValue, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

function isPlainObject(value: LiteralValue): value is { readonly [field: string]: LiteralValue } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Date)
  );
}

function describe(value: LiteralValue): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : `a ${value?.constructor?.name ?? 'value'}`;
  return `${String(value)} (${typeof value})`;
}

function typed(value: string | null, dataType: DataType): Expression {
  return { type: 'literal', value, dataType };
}

function call(name: string, args: readonly Expression[]): Expression {
  return { type: 'unresolved-function', name, arguments: args, isDistinct: false, filter: null, position: null };
}

function cast(expression: Expression, dataType: DataType): Expression {
  return { type: 'cast', expression, dataType, isTry: false, position: null };
}
