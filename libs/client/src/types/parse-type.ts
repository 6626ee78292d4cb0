import { nearest } from '@kiln/base';
import type { DataType, StructField } from '@kiln/contracts';
import { clientError } from '../errors.ts';

const simpleTypes = new Map<string, DataType>(
  Object.entries({
    void: { type: 'null' },
    boolean: { type: 'boolean' },
    tinyint: { type: 'byte' },
    byte: { type: 'byte' },
    smallint: { type: 'short' },
    short: { type: 'short' },
    int: { type: 'integer' },
    integer: { type: 'integer' },
    bigint: { type: 'long' },
    long: { type: 'long' },
    float: { type: 'float' },
    real: { type: 'float' },
    double: { type: 'double' },
    string: { type: 'string' },
    binary: { type: 'binary' },
    date: { type: 'date' },
    timestamp: { type: 'timestamp' },
    timestamp_ltz: { type: 'timestamp' },
    timestamp_ntz: { type: 'timestamp-ntz' },
  } satisfies Record<string, DataType>),
);
const intervalFields = ['year', 'month', 'day', 'hour', 'minute', 'second'];
const typeWords = [...simpleTypes.keys(), 'decimal', 'char', 'varchar', 'array', 'map', 'struct', 'interval'];

/** Reads a type in SQL's spelling: `bigint`, `decimal(10,2)`, `array<struct<a: int, b: string>>`. */
export function parseDataType(text: string): DataType {
  const reader = new TypeReader(text);
  const type = reader.type();
  reader.end();
  return type;
}

/** Reads a schema as in `CREATE TABLE`: `id bigint not null, name string`. */
export function parseSchema(text: string): readonly StructField[] {
  const reader = new TypeReader(text);
  const fields = reader.fields('end of text');
  reader.end();
  return fields;
}

/** A type given as text or as data. */
export function toDataType(type: string | DataType): DataType {
  return typeof type === 'string' ? parseDataType(type) : type;
}

const tokens = /\s*(?:([A-Za-z_]\w*|`(?:[^`]|``)+`)|(\d+)|('(?:[^'])*')|([<>(),:]))/y;

/** Recursive descent over the words of a type text. */
class TypeReader {
  readonly #text: string;
  readonly #words: string[] = [];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    const end = text.trimEnd().length;
    tokens.lastIndex = 0;
    while (tokens.lastIndex < end) {
      const start = tokens.lastIndex;
      const match = tokens.exec(text);
      if (!match) throw this.#error(`"${text.slice(start).trim()}" is not part of a type`);
      this.#words.push(match[0].trim());
    }
  }

  type(): DataType {
    const word = this.#take('a type');
    const name = word.toLowerCase();
    switch (name) {
      case 'decimal':
      case 'dec':
      case 'numeric': {
        const [precision = 10, scale = 0] = this.#numbers();
        if (precision < 1 || precision > 38 || scale > precision)
          throw this.#error(`decimal(${precision},${scale}) is out of range`);
        return { type: 'decimal', precision, scale };
      }
      case 'char':
      case 'varchar':
        this.#numbers();
        return { type: 'string' };
      case 'array': {
        this.#expect('<');
        const element = this.type();
        this.#expect('>');
        return { type: 'array', element, containsNull: true };
      }
      case 'map': {
        this.#expect('<');
        const key = this.type();
        this.#expect(',');
        const value = this.type();
        this.#expect('>');
        return { type: 'map', key, value, valueContainsNull: true };
      }
      case 'struct': {
        this.#expect('<');
        const fields = this.#peek() === '>' ? [] : this.fields('>');
        this.#expect('>');
        return { type: 'struct', fields };
      }
      case 'interval':
        return this.#interval();
      default: {
        const type = simpleTypes.get(name);
        if (type) return type;
        const near = nearest(name, typeWords);
        throw this.#error(`"${word}" is not a type`, near && `Did you mean "${near}"?`);
      }
    }
  }

  fields(until: string): StructField[] {
    const fields: StructField[] = [];
    do {
      const name = this.#take('a column name');
      if (/^[<>(),:'\d]/.test(name)) throw this.#error(`a column name was expected, not "${name}"`);
      if (this.#peek() === ':') this.#take(':');
      const dataType = this.type();
      let nullable = true;
      if (this.#keyword('not')) {
        this.#expect('null');
        nullable = false;
      }
      if (this.#keyword('comment')) this.#take('a comment');
      fields.push({ name: name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name, dataType, nullable });
    } while (this.#keyword(','));
    const rest = this.#peek();
    if ((rest ?? 'end of text') !== until)
      throw this.#error(`"," or ${until} was expected, not "${rest ?? 'end of text'}"`);
    return fields;
  }

  end(): void {
    const rest = this.#peek();
    if (rest !== undefined) throw this.#error(`"${rest}" follows the end of the type`);
  }

  #interval(): DataType {
    const start = this.#intervalField();
    const end = this.#keyword('to') ? this.#intervalField() : start;
    const yearMonth = intervalFields.indexOf(end) <= 1;
    if (
      intervalFields.indexOf(start) > intervalFields.indexOf(end) ||
      (!yearMonth && intervalFields.indexOf(start) <= 1)
    )
      throw this.#error(`an interval cannot go from ${start} to ${end}`);
    const [first, last] = yearMonth ? ['year', 'month'] : ['day', 'second'];
    const fields = { ...(start !== first && { start }), ...(end !== last && { end }) };
    return { type: yearMonth ? 'year-month-interval' : 'day-time-interval', ...fields } as DataType;
  }

  #intervalField(): string {
    const word = this.#take('year, month, day, hour, minute or second');
    const field = word.toLowerCase();
    if (intervalFields.includes(field)) return field;
    throw this.#error(`"${word}" is no field of an interval, which are ${intervalFields.join(', ')}`);
  }

  #numbers(): number[] {
    const numbers: number[] = [];
    if (!this.#keyword('(')) return numbers;
    do {
      const word = this.#take('a number');
      if (!/^\d+$/.test(word)) throw this.#error(`a number was expected, not "${word}"`);
      numbers.push(Number(word));
    } while (this.#keyword(','));
    this.#expect(')');
    return numbers;
  }

  #peek(): string | undefined {
    return this.#words[this.#next];
  }

  #take(what: string): string {
    const word = this.#words[this.#next++];
    if (word === undefined) throw this.#error(`${what} was expected, not the end of the text`);
    return word;
  }

  #keyword(word: string): boolean {
    if (this.#peek()?.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }

  #expect(word: string): void {
    const found = this.#take(`"${word}"`);
    if (found.toLowerCase() !== word) throw this.#error(`"${word}" was expected, not "${found}"`);
  }

  #error(message: string, hint?: string): Error {
    return clientError('KILN_TYPE_SYNTAX', `In the type "${this.#text}": ${message}.`, hint ? { hint } : {});
  }
}
