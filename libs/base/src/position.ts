/** A place in a SQL text or a job file; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}
