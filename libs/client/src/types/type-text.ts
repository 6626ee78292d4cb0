import type { DataType, StructField } from '@kiln/contracts';

type SimpleType = Exclude<
  DataType['type'],
  'decimal' | 'array' | 'map' | 'struct' | `${string}-time-interval` | `${string}-month-interval`
>;

const sqlNames: Record<SimpleType, string> = {
  null: 'void',
  boolean: 'boolean',
  byte: 'tinyint',
  short: 'smallint',
  integer: 'int',
  long: 'bigint',
  float: 'float',
  double: 'double',
  string: 'string',
  binary: 'binary',
  date: 'date',
  timestamp: 'timestamp',
  'timestamp-ntz': 'timestamp_ntz',
  'calendar-interval': 'interval',
};

/** Where `printSchema` writes another word than SQL does. */
const schemaNames: Partial<Record<SimpleType, string>> = {
  byte: 'byte',
  short: 'short',
  integer: 'integer',
  long: 'long',
};

/** SQL's spelling in lower case, as `DESCRIBE` and `df.dtypes()` give it: `bigint`, `decimal(15,2)`, `array<string>`. */
export function typeText(type: DataType): string {
  switch (type.type) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'year-month-interval':
      return intervalText(type.start ?? 'year', type.end ?? 'month');
    case 'day-time-interval':
      return intervalText(type.start ?? 'day', type.end ?? 'second');
    case 'array':
      return `array<${typeText(type.element)}>`;
    case 'map':
      return `map<${typeText(type.key)},${typeText(type.value)}>`;
    case 'struct':
      return `struct<${type.fields.map((field) => `${field.name}:${typeText(field.dataType)}`).join(',')}>`;
    default:
      return sqlNames[type.type];
  }
}

function intervalText(start: string, end: string): string {
  return start === end ? `interval ${start}` : `interval ${start} to ${end}`;
}

/** A schema as Spark's `printSchema` draws it. */
export function schemaTree(fields: readonly StructField[]): string {
  return ['root', ...fields.flatMap((field) => fieldLines(field, ' |'))].join('\n');
}

function fieldLines(field: StructField, indent: string): string[] {
  return [
    `${indent}-- ${field.name}: ${treeName(field.dataType)} (nullable = ${field.nullable})`,
    ...childLines(field.dataType, `${indent}    |`),
  ];
}

function childLines(type: DataType, indent: string): string[] {
  switch (type.type) {
    case 'array':
      return [
        `${indent}-- element: ${treeName(type.element)} (containsNull = ${type.containsNull})`,
        ...childLines(type.element, `${indent}    |`),
      ];
    case 'map':
      return [
        `${indent}-- key: ${treeName(type.key)}`,
        ...childLines(type.key, `${indent}    |`),
        `${indent}-- value: ${treeName(type.value)} (valueContainsNull = ${type.valueContainsNull})`,
        ...childLines(type.value, `${indent}    |`),
      ];
    case 'struct':
      return type.fields.flatMap((field) => fieldLines(field, indent));
    default:
      return [];
  }
}

function treeName(type: DataType): string {
  if (type.type === 'array' || type.type === 'map' || type.type === 'struct') return type.type;
  return schemaNames[type.type as SimpleType] ?? typeText(type);
}
