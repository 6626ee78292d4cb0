/** Text and bytes. Positions count from 1. Generated from scripts/functions/strings.ts by `npm run gen`. */
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  functionExpression,
  toExpression,
  valueExpression,
} from '../../column/column.ts';

/** Upper case. */
export function upper(text: ColumnOrName): Column {
  return new Column(functionExpression('upper', [toExpression(text)]));
}
/** Lower case. */
export function lower(text: ColumnOrName): Column {
  return new Column(functionExpression('lower', [toExpression(text)]));
}
/** First letter of each word in upper case, the rest in lower case. */
export function initcap(text: ColumnOrName): Column {
  return new Column(functionExpression('initcap', [toExpression(text)]));
}
/** From the end to the beginning. */
export function reverse(text: ColumnOrName): Column {
  return new Column(functionExpression('reverse', [toExpression(text)]));
}
/** Soundex code. */
export function soundex(text: ColumnOrName): Column {
  return new Column(functionExpression('soundex', [toExpression(text)]));
}
/** Without spaces at both ends. */
export function trim(text: ColumnOrName): Column {
  return new Column(functionExpression('trim', [toExpression(text)]));
}
/** Without spaces at the beginning. */
export function ltrim(text: ColumnOrName): Column {
  return new Column(functionExpression('ltrim', [toExpression(text)]));
}
/** Without spaces at the end. */
export function rtrim(text: ColumnOrName): Column {
  return new Column(functionExpression('rtrim', [toExpression(text)]));
}
/** Number of characters, or of bytes of a BINARY. */
export function length(text: ColumnOrName): Column {
  return new Column(functionExpression('length', [toExpression(text)]));
}
/** Number of bytes. */
export function octet_length(text: ColumnOrName): Column {
  return new Column(functionExpression('octet_length', [toExpression(text)]));
}
/** Number of bits. */
export function bit_length(text: ColumnOrName): Column {
  return new Column(functionExpression('bit_length', [toExpression(text)]));
}
/** Code of the first character. */
export function ascii(text: ColumnOrName): Column {
  return new Column(functionExpression('ascii', [toExpression(text)]));
}
/** The character of a code. */
export function chr(code: ColumnOrName): Column {
  return new Column(functionExpression('chr', [toExpression(code)]));
}
/** A part; a negative position counts from the end. */
export function substring(text: ColumnOrName, position: ColumnOrValue, length: ColumnOrValue): Column {
  return new Column(
    functionExpression('substring', [toExpression(text), valueExpression(position), valueExpression(length)]),
  );
}
/** The first characters. */
export function left(text: ColumnOrName, length: ColumnOrValue): Column {
  return new Column(functionExpression('left', [toExpression(text), valueExpression(length)]));
}
/** The last characters. */
export function right(text: ColumnOrName, length: ColumnOrValue): Column {
  return new Column(functionExpression('right', [toExpression(text), valueExpression(length)]));
}
/** Filled up (or cut) at the left to a length. */
export function lpad(text: ColumnOrName, length: ColumnOrValue, pad?: ColumnOrValue): Column {
  return new Column(
    functionExpression('lpad', [
      toExpression(text),
      valueExpression(length),
      ...(pad === undefined ? [] : [valueExpression(pad)]),
    ]),
  );
}
/** Filled up (or cut) at the right to a length. */
export function rpad(text: ColumnOrName, length: ColumnOrValue, pad?: ColumnOrValue): Column {
  return new Column(
    functionExpression('rpad', [
      toExpression(text),
      valueExpression(length),
      ...(pad === undefined ? [] : [valueExpression(pad)]),
    ]),
  );
}
/** One after the other; NULL if one is. */
export function concat(...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('concat', [...columns.map(toExpression)]));
}
/** Joined by a separator; NULLs are left out. */
export function concat_ws(separator: ColumnOrValue, ...columns: readonly ColumnOrName[]): Column {
  return new Column(functionExpression('concat_ws', [valueExpression(separator), ...columns.map(toExpression)]));
}
/** Each occurrence replaced. */
export function replace(text: ColumnOrName, search: ColumnOrValue, replacement: ColumnOrValue): Column {
  return new Column(
    functionExpression('replace', [toExpression(text), valueExpression(search), valueExpression(replacement)]),
  );
}
/** Characters of `from` by those of `to`. */
export function translate(text: ColumnOrName, from: ColumnOrValue, to: ColumnOrValue): Column {
  return new Column(functionExpression('translate', [toExpression(text), valueExpression(from), valueExpression(to)]));
}
/** The n-th part between delimiters. */
export function split_part(text: ColumnOrName, delimiter: ColumnOrValue, part: ColumnOrValue): Column {
  return new Column(
    functionExpression('split_part', [toExpression(text), valueExpression(delimiter), valueExpression(part)]),
  );
}
/** Everything before the n-th delimiter (negative: after it, from the end). */
export function substring_index(text: ColumnOrName, delimiter: ColumnOrValue, count: ColumnOrValue): Column {
  return new Column(
    functionExpression('substring_index', [toExpression(text), valueExpression(delimiter), valueExpression(count)]),
  );
}
/** Position of the first occurrence, 0 if there is none. */
export function instr(text: ColumnOrName, search: ColumnOrValue): Column {
  return new Column(functionExpression('instr', [toExpression(text), valueExpression(search)]));
}
/** Position of the first occurrence from `start` on, 0 if there is none. */
export function locate(search: ColumnOrValue, text: ColumnOrName, start?: ColumnOrValue): Column {
  return new Column(
    functionExpression('locate', [
      valueExpression(search),
      toExpression(text),
      ...(start === undefined ? [] : [valueExpression(start)]),
    ]),
  );
}
/** Whether it begins with `prefix`. */
export function startswith(text: ColumnOrName, prefix: ColumnOrValue): Column {
  return new Column(functionExpression('startswith', [toExpression(text), valueExpression(prefix)]));
}
/** Whether it ends with `suffix`. */
export function endswith(text: ColumnOrName, suffix: ColumnOrValue): Column {
  return new Column(functionExpression('endswith', [toExpression(text), valueExpression(suffix)]));
}
/** Whether it holds `search`. */
export function contains(text: ColumnOrName, search: ColumnOrValue): Column {
  return new Column(functionExpression('contains', [toExpression(text), valueExpression(search)]));
}
/** Repeated. */
export function repeat(text: ColumnOrName, times: ColumnOrValue): Column {
  return new Column(functionExpression('repeat', [toExpression(text), valueExpression(times)]));
}
/** So many spaces. */
export function space(count: ColumnOrName): Column {
  return new Column(functionExpression('space', [toExpression(count)]));
}
/** A part replaced by another text. */
export function overlay(
  text: ColumnOrName,
  replacement: ColumnOrValue,
  position: ColumnOrValue,
  length?: ColumnOrValue,
): Column {
  return new Column(
    functionExpression('overlay', [
      toExpression(text),
      valueExpression(replacement),
      valueExpression(position),
      ...(length === undefined ? [] : [valueExpression(length)]),
    ]),
  );
}
/** Edit distance. */
export function levenshtein(first: ColumnOrName, second: ColumnOrName): Column {
  return new Column(functionExpression('levenshtein', [toExpression(first), toExpression(second)]));
}
/** Position in a comma-separated list, 0 if it is not in it. */
export function find_in_set(text: ColumnOrName, list: ColumnOrValue): Column {
  return new Column(functionExpression('find_in_set', [toExpression(text), valueExpression(list)]));
}
/** Parts between matches of a regular expression, as an ARRAY. */
export function split(text: ColumnOrName, pattern: ColumnOrValue, limit?: ColumnOrValue): Column {
  return new Column(
    functionExpression('split', [
      toExpression(text),
      valueExpression(pattern),
      ...(limit === undefined ? [] : [valueExpression(limit)]),
    ]),
  );
}
/** What a group (1) of a regular expression matched first. */
export function regexp_extract(text: ColumnOrName, pattern: ColumnOrValue, group?: ColumnOrValue): Column {
  return new Column(
    functionExpression('regexp_extract', [
      toExpression(text),
      valueExpression(pattern),
      ...(group === undefined ? [] : [valueExpression(group)]),
    ]),
  );
}
/** Each match of a regular expression replaced. */
export function regexp_replace(text: ColumnOrName, pattern: ColumnOrValue, replacement: ColumnOrValue): Column {
  return new Column(
    functionExpression('regexp_replace', [toExpression(text), valueExpression(pattern), valueExpression(replacement)]),
  );
}
/** Hexadecimal digits of a number or of bytes. */
export function hex(column: ColumnOrName): Column {
  return new Column(functionExpression('hex', [toExpression(column)]));
}
/** Bytes of hexadecimal digits. */
export function unhex(text: ColumnOrName): Column {
  return new Column(functionExpression('unhex', [toExpression(text)]));
}
/** Base64 text of bytes. */
export function base64(bytes: ColumnOrName): Column {
  return new Column(functionExpression('base64', [toExpression(bytes)]));
}
/** Bytes of a Base64 text. */
export function unbase64(text: ColumnOrName): Column {
  return new Column(functionExpression('unbase64', [toExpression(text)]));
}
/** MD5 in hexadecimal digits. */
export function md5(bytes: ColumnOrName): Column {
  return new Column(functionExpression('md5', [toExpression(bytes)]));
}
/** SHA-1 in hexadecimal digits. */
export function sha1(bytes: ColumnOrName): Column {
  return new Column(functionExpression('sha1', [toExpression(bytes)]));
}
/** SHA-2 of 224, 256, 384 or 512 bits in hexadecimal digits. */
export function sha2(bytes: ColumnOrName, bits: ColumnOrValue): Column {
  return new Column(functionExpression('sha2', [toExpression(bytes), valueExpression(bits)]));
}
/** CRC-32 checksum. */
export function crc32(bytes: ColumnOrName): Column {
  return new Column(functionExpression('crc32', [toExpression(bytes)]));
}
