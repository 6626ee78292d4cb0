/** Numbers, bits and hashes. Generated from scripts/functions/numbers.ts by `npm run gen`. */
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  functionExpression,
  toExpression,
  valueExpression,
} from '../../column/column.ts';

/** Absolute value. */
export function abs(column: ColumnOrName): Column {
  return new Column(functionExpression('abs', [toExpression(column)]));
}
/** Next integer above. */
export function ceil(column: ColumnOrName): Column {
  return new Column(functionExpression('ceil', [toExpression(column)]));
}
/** Next integer below. */
export function floor(column: ColumnOrName): Column {
  return new Column(functionExpression('floor', [toExpression(column)]));
}
/** Rounded half up to `scale` (0) digits. */
export function round(column: ColumnOrName, scale?: ColumnOrValue): Column {
  return new Column(
    functionExpression('round', [toExpression(column), ...(scale === undefined ? [] : [valueExpression(scale)])]),
  );
}
/** Rounded half to even. */
export function bround(column: ColumnOrName, scale?: ColumnOrValue): Column {
  return new Column(
    functionExpression('bround', [toExpression(column), ...(scale === undefined ? [] : [valueExpression(scale)])]),
  );
}
/** Nearest integer as DOUBLE. */
export function rint(column: ColumnOrName): Column {
  return new Column(functionExpression('rint', [toExpression(column)]));
}
/** Square root. */
export function sqrt(column: ColumnOrName): Column {
  return new Column(functionExpression('sqrt', [toExpression(column)]));
}
/** Cube root. */
export function cbrt(column: ColumnOrName): Column {
  return new Column(functionExpression('cbrt', [toExpression(column)]));
}
/** e to the power of it. */
export function exp(column: ColumnOrName): Column {
  return new Column(functionExpression('exp', [toExpression(column)]));
}
/** exp(x) - 1, exact for small x. */
export function expm1(column: ColumnOrName): Column {
  return new Column(functionExpression('expm1', [toExpression(column)]));
}
/** Natural logarithm. */
export function ln(column: ColumnOrName): Column {
  return new Column(functionExpression('ln', [toExpression(column)]));
}
/** ln(1 + x), exact for small x. */
export function log1p(column: ColumnOrName): Column {
  return new Column(functionExpression('log1p', [toExpression(column)]));
}
/** Logarithm to base 10. */
export function log10(column: ColumnOrName): Column {
  return new Column(functionExpression('log10', [toExpression(column)]));
}
/** Logarithm to base 2. */
export function log2(column: ColumnOrName): Column {
  return new Column(functionExpression('log2', [toExpression(column)]));
}
/** Sine of radians. */
export function sin(column: ColumnOrName): Column {
  return new Column(functionExpression('sin', [toExpression(column)]));
}
/** Cosine of radians. */
export function cos(column: ColumnOrName): Column {
  return new Column(functionExpression('cos', [toExpression(column)]));
}
/** Tangent of radians. */
export function tan(column: ColumnOrName): Column {
  return new Column(functionExpression('tan', [toExpression(column)]));
}
/** Inverse sine. */
export function asin(column: ColumnOrName): Column {
  return new Column(functionExpression('asin', [toExpression(column)]));
}
/** Inverse cosine. */
export function acos(column: ColumnOrName): Column {
  return new Column(functionExpression('acos', [toExpression(column)]));
}
/** Inverse tangent. */
export function atan(column: ColumnOrName): Column {
  return new Column(functionExpression('atan', [toExpression(column)]));
}
/** Hyperbolic sine. */
export function sinh(column: ColumnOrName): Column {
  return new Column(functionExpression('sinh', [toExpression(column)]));
}
/** Hyperbolic cosine. */
export function cosh(column: ColumnOrName): Column {
  return new Column(functionExpression('cosh', [toExpression(column)]));
}
/** Hyperbolic tangent. */
export function tanh(column: ColumnOrName): Column {
  return new Column(functionExpression('tanh', [toExpression(column)]));
}
/** Radians to degrees. */
export function degrees(column: ColumnOrName): Column {
  return new Column(functionExpression('degrees', [toExpression(column)]));
}
/** Degrees to radians. */
export function radians(column: ColumnOrName): Column {
  return new Column(functionExpression('radians', [toExpression(column)]));
}
/** -1, 0 or 1. */
export function sign(column: ColumnOrName): Column {
  return new Column(functionExpression('sign', [toExpression(column)]));
}
/** Power. */
export function pow(base: ColumnOrName, exponent: ColumnOrName): Column {
  return new Column(functionExpression('pow', [toExpression(base), toExpression(exponent)]));
}
/** Angle of a point. */
export function atan2(y: ColumnOrName, x: ColumnOrName): Column {
  return new Column(functionExpression('atan2', [toExpression(y), toExpression(x)]));
}
/** Length of a vector. */
export function hypot(x: ColumnOrName, y: ColumnOrName): Column {
  return new Column(functionExpression('hypot', [toExpression(x), toExpression(y)]));
}
/** `fallback` where it is NaN. */
export function nanvl(column: ColumnOrName, fallback: ColumnOrName): Column {
  return new Column(functionExpression('nanvl', [toExpression(column), toExpression(fallback)]));
}
/** Remainder that is never negative. */
export function pmod(dividend: ColumnOrName, divisor: ColumnOrName): Column {
  return new Column(functionExpression('pmod', [toExpression(dividend), toExpression(divisor)]));
}
/** Unary minus. */
export function negative(column: ColumnOrName): Column {
  return new Column(functionExpression('negative', [toExpression(column)]));
}
/** Factorial of 0 to 20. */
export function factorial(column: ColumnOrName): Column {
  return new Column(functionExpression('factorial', [toExpression(column)]));
}
/** Number of bits that are 1. */
export function bit_count(column: ColumnOrName): Column {
  return new Column(functionExpression('bit_count', [toExpression(column)]));
}
/** Bits moved left. */
export function shiftleft(column: ColumnOrName, bits: ColumnOrValue): Column {
  return new Column(functionExpression('shiftleft', [toExpression(column), valueExpression(bits)]));
}
/** Bits moved right, keeping the sign. */
export function shiftright(column: ColumnOrName, bits: ColumnOrValue): Column {
  return new Column(functionExpression('shiftright', [toExpression(column), valueExpression(bits)]));
}
/** Bits moved right, filling with 0. */
export function shiftrightunsigned(column: ColumnOrName, bits: ColumnOrValue): Column {
  return new Column(functionExpression('shiftrightunsigned', [toExpression(column), valueExpression(bits)]));
}
/** Spark's Murmur3 hash, as INT. */
export function hash(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('hash', [...columns.map(toExpression)]));
}
/** Spark's xxHash64, as BIGINT. */
export function xxhash64(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('xxhash64', [...columns.map(toExpression)]));
}
/** Uniform from 0 to 1. */
export function rand(seed?: ColumnOrValue): Column {
  return new Column(functionExpression('rand', [...(seed === undefined ? [] : [valueExpression(seed)])]));
}
/** Normally distributed. */
export function randn(seed?: ColumnOrValue): Column {
  return new Column(functionExpression('randn', [...(seed === undefined ? [] : [valueExpression(seed)])]));
}
/** A different BIGINT for each row, growing within a partition. */
export function monotonically_increasing_id(): Column {
  return new Column(functionExpression('monotonically_increasing_id', []));
}
/** Number of the partition. */
export function spark_partition_id(): Column {
  return new Column(functionExpression('spark_partition_id', []));
}
/** π. */
export function pi(): Column {
  return new Column(functionExpression('pi', []));
}
/** e. */
export function e(): Column {
  return new Column(functionExpression('e', []));
}
