import type { DataFrame } from '@kiln/client';
import { typeText } from '@kiln/client';

/** A result as the goldens keep it: names, types, and the text of every value. */
export async function resultOf(frame: DataFrame) {
  const schema = await frame.schema();
  const rows = await frame.collect();
  return {
    fields: schema.map((field) => ({ name: field.name, type: typeText(field.dataType) })),
    rows: rows.map((row) => [...row].map((value, index) => text(value, schema[index]?.dataType.type))),
  };
}

function text(value: unknown, type: string | undefined): string | null {
  if (value === null) return null;
  if (typeof value === 'number' && (type === 'double' || type === 'float') && Number.isInteger(value))
    return `${value}.0`;
  return String(value);
}

/** Sorted by their text: for results whose order is not asked for, or tied. */
export function sorted(rows: readonly (readonly (string | null)[])[]): readonly (readonly (string | null)[])[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
