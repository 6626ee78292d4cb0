import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Column, type DataFrame, type Session, typeText } from '@kiln/client';
import { expr } from '@kiln/client/functions';
import type { DataType, StructField } from '@kiln/contracts';
import { goldenDirectory } from '../support/paths.ts';

/** The DataFrame calls of a case by its name; `null` where there are none for it. */
export type Builders = Readonly<Record<string, ((session: Session) => DataFrame<object>) | null>>;

type Cells = readonly (string | null)[];

/** What Spark gave: a result, or the class of its error. */
export type Answer =
  | { readonly fields: readonly { readonly name: string; readonly type: string }[]; readonly rows: readonly Cells[] }
  | { readonly error: string };

/** A case as golden/spark-cases keeps it; made by make.py there. */
export interface SparkCase {
  readonly name: string;
  readonly sql: string;
  /** Whether the order of the rows is asked for. */
  readonly ordered: boolean;
  readonly result: Answer;
  /** The answer to the DataFrame calls where it is another; `null`: there are no such calls. */
  readonly frame?: Answer | null;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(goldenDirectory, 'spark-cases', `${name}.json`), 'utf8'));

export const sparkCases = (group: string) => read(group) as readonly SparkCase[];

/** The small tables that all cases read. */
export function createViews(session: Session): void {
  for (const { name, sql } of read('views') as { name: string; sql: string }[])
    session.sql(sql).createOrReplaceTempView(name);
}

/** One row of columns over nothing; a string is SQL. */
export const exprs =
  (...columns: readonly (string | Column)[]) =>
  (session: Session): DataFrame =>
    session.range(1).select(...columns.map((column) => (column instanceof Column ? column : expr(column))));

/** What Kiln gives, in the shape of the goldens. */
export async function answerOf(frame: () => DataFrame<object>, ordered: boolean): Promise<Answer> {
  try {
    const made = frame();
    const schema = await made.schema();
    const rows = (await made.collect()).map((row) =>
      [...row].map((value, i) => text(value, (schema[i] as StructField).dataType)),
    );
    const fields = schema.map(({ name, dataType }) => ({ name, type: typeText(dataType) }));
    return inOrder({ fields, rows }, ordered);
  } catch (error) {
    return { error: sparkClass(error) };
  }
}

/** Spark's error class: of the error itself, or of what made its task fail. */
function sparkClass(error: unknown): string {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return code === 'KILN_TASK_FAILED' && cause !== undefined ? sparkClass(cause) : (code ?? String(error));
}

/** Rows sorted by their text where no order is asked for. */
export function inOrder(answer: Answer, ordered: boolean): Answer {
  if (ordered || 'error' in answer) return answer;
  return { ...answer, rows: answer.rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

/** As make.py writes values. `type` tells a DOUBLE of no fraction from an INT. */
function text(value: unknown, type: DataType): string | null {
  if (value === null || value === undefined) return null;
  if ((type.type === 'double' || type.type === 'float') && typeof value === 'number') return pythonNumber(value);
  if (type.type === 'array') {
    const items = [...(value as readonly unknown[])].map((item) => text(item, type.element) ?? 'NULL');
    return `[${items.join(', ')}]`;
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}

/** A floating-point number as Python's repr: the same digits as JavaScript's, other exponents. */
function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [digits, exponent] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
