/**
 * Spark's hash of a key (Murmur3 x86_32, seed 42), by which records find their partition: the twin of `native/shuffle/src/hash`, held
 * against the same golden file. An integral number is a long, `-0` is 0, every NaN is one, `null` and `undefined` leave the seed as it
 * is; arrays and objects are hashed field by field, as Spark's structs are (objects in the order of their keys' names).
 */
export const sparkSeed = 42;

export function hashKey(key: unknown, seed: number = sparkSeed): number {
  switch (typeof key) {
    case 'string':
      return hashString(key, seed);
    case 'number':
      return hashNumber(key, seed);
    case 'boolean':
      return hashInt(key ? 1 : 0, seed);
    case 'bigint':
      return hashBigInt(key, seed);
    case 'undefined':
      return seed;
    case 'object':
      return key === null ? seed : hashObject(key, seed);
    default:
      throw new TypeError(`A ${typeof key} cannot be a key`);
  }
}

/** Spark's `pmod(hash, partitions)`. */
export function partitionOf(hash: number, partitions: number): number {
  const rest = hash % partitions;
  return rest < 0 ? rest + partitions : rest;
}

export function hashInt(value: number, seed: number): number {
  return finish(mixHash(seed, mixWord(value)), 4);
}

export function hashLong(low: number, high: number, seed: number): number {
  return finish(mixHash(mixHash(seed, mixWord(low)), mixWord(high)), 8);
}

/** Words of 4 bytes in little endian, then each remaining byte, signed, as a word of its own. */
export function hashBytes(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  const { length } = bytes;
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    hash = mixHash(hash, mixWord(word));
  }
  for (let i = words; i < length; i++) hash = mixHash(hash, mixWord(((bytes[i] as number) << 24) >> 24));
  return finish(hash, length);
}

const utf8 = new TextEncoder();

/** As UTF-8; ASCII without making it. */
function hashString(text: string, seed: number): number {
  const { length } = text;
  if (length > 64) return hashBytes(utf8.encode(text), seed);
  let hash = seed;
  const words = length & ~3;
  let all = 0;
  for (let i = 0; i < words; i += 4) {
    const [a, b, c, d] = [text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2), text.charCodeAt(i + 3)];
    all |= a | b | c | d;
    hash = mixHash(hash, mixWord(a | (b << 8) | (c << 16) | (d << 24)));
  }
  for (let i = words; i < length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    hash = mixHash(hash, mixWord(code));
  }
  return all < 0x80 ? finish(hash, length) : hashBytes(utf8.encode(text), seed);
}

const float = new DataView(new ArrayBuffer(8));

function hashNumber(value: number, seed: number): number {
  if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
    const high = Math.floor(value / 2 ** 32);
    return hashLong((value - high * 2 ** 32) | 0, high | 0, seed);
  }
  float.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
  if (Number.isNaN(value)) return hashLong(0, 0x7ff80000, seed);
  return hashLong(float.getInt32(4), float.getInt32(0), seed);
}

function hashBigInt(value: bigint, seed: number): number {
  if (BigInt.asIntN(64, value) === value)
    return hashLong(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)), seed);
  return hashBytes(twosComplement(value), seed);
}

/** Java's `BigInteger.toByteArray`: big endian, as short as can be. */
function twosComplement(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while (rest !== 0n && rest !== -1n);
  const [first = 0] = bytes;
  if (rest === 0n && first >= 0x80) bytes.unshift(0);
  if (rest === -1n && first < 0x80) bytes.unshift(0xff);
  return Uint8Array.from(bytes);
}

function hashObject(key: object, seed: number): number {
  if (Array.isArray(key)) return key.reduce((hash: number, field) => hashKey(field, hash), seed);
  if (key instanceof Uint8Array) return hashBytes(key, seed);
  // Microseconds, as TIMESTAMP.
  if (key instanceof Date) return hashNumber(key.getTime() * 1000, seed);
  const fields = key as Readonly<Record<string, unknown>>;
  return Object.keys(fields)
    .sort()
    .reduce((hash, name) => hashKey(fields[name], hash), seed);
}

function mixWord(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function mixHash(hash: number, word: number): number {
  const mixed = hash ^ word;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let mixed = hash ^ length;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
