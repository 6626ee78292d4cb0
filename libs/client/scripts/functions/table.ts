/**
 * One function that the resolver knows: its SQL name, its parameters, what it does.
 *
 * Parameters, separated by commas: `text` takes a column (a string is its name), `length#` a value or a column
 * (a string is itself), `pad#?` may be left out, `...columns` and `...values#` take any number.
 */
export type FunctionRow = readonly [name: string, parameters: string, doc: string];

/** One generated file. */
export interface FunctionGroup {
  /** Its file name. */
  readonly name: string;
  /** What its functions have in common. */
  readonly doc: string;
  readonly rows: readonly FunctionRow[];
}
