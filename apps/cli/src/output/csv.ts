import { jsonValue, type Value } from '@kiln/client';

/** A line of CSV as RFC 4180 wants it; NULL is nothing, an empty text is `""`. */
export function csvLine(values: Iterable<Value>): string {
  return `${Array.from(values, csvCell).join(',')}\n`;
}

function csvCell(value: Value): string {
  if (value === null) return '';
  const text = typeof value === 'object' ? jsonText(value) : String(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonText(value: Value): string {
  const json = jsonValue(value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}
