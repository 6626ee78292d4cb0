/** Which keys are one key, and which comes first. */

/**
 * A key of a `Map` under which equal keys meet. Numbers, texts and the like are their own; arrays, plain objects, dates and bytes are
 * equal by content. `5` and `5n` are two keys, as in a `Map`.
 */
export function isOwnIdentity(key: unknown): boolean {
  return typeof key !== 'object' || key === null;
}

/** Of a key that is an object. */
export function identityOf(key: unknown): string {
  switch (typeof key) {
    case 'string':
      return JSON.stringify(key);
    case 'number':
      return Object.is(key, -0) ? '0' : String(key);
    case 'bigint':
      return `${key}n`;
    case 'boolean':
    case 'undefined':
      return String(key);
    case 'object':
      return key === null ? 'null' : identityOfObject(key);
    default:
      throw new TypeError(`A ${typeof key} cannot be a key`);
  }
}

function identityOfObject(key: object): string {
  if (Array.isArray(key)) return `[${key.map(identityOf).join()}]`;
  if (key instanceof Date) return `@${key.getTime()}`;
  if (key instanceof Uint8Array)
    return `#${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64')}`;
  if (key instanceof Map || key instanceof Set) throw new TypeError('A Map or Set cannot be a key');
  const fields = key as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${identityOf(fields[name])}`).join()}}`;
}

/**
 * Order of keys: `null` and `undefined` first, then booleans, numbers (of both kinds, NaN last), texts by UTF-16 code units as Java
 * compares them, dates, bytes, arrays by their elements.
 */
export function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (a === null || a === undefined) return 0;
  if (typeof a === 'object') return compareObjects(a, b as object);
  if (Number.isNaN(a) || Number.isNaN(b)) return compareNumbers(Number(a), Number(b));
  const [x, y] = [a as number | bigint, b as number | bigint];
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function rankOf(key: unknown): number {
  switch (typeof key) {
    case 'undefined':
      return 0;
    case 'boolean':
      return 1;
    case 'number':
    case 'bigint':
      return 2;
    case 'string':
      return 3;
    case 'object':
      if (key === null) return 0;
      if (key instanceof Date) return 4;
      if (key instanceof Uint8Array) return 5;
      if (Array.isArray(key)) return 6;
      break;
    default:
  }
  throw new TypeError(
    `There is no order of ${typeof key === 'object' ? 'objects' : `${typeof key}s`}: sort by a number, a text or an array of them`,
  );
}

function compareObjects(a: object, b: object): number {
  if (a instanceof Date) return compareNumbers(a.getTime(), (b as Date).getTime());
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  const [x, y] = [a as readonly unknown[], b as readonly unknown[]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = compareKeys(x[i], y[i]);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}
