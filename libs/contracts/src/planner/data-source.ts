import type { Table, TableRequest } from './boundary.ts';

/**
 * A format one can read (`session.read.format(name)`, `sources:` of a job file).
 *
 * Plane: control for `resolve`, data for `read`. `resolve` runs on the driver once per table and query.
 * Native formats (`parquet`, `csv`) name a native scan in the `Table` and have no `read`: no byte of theirs crosses into JS.
 */
export interface DataSource {
  readonly format: string;
  /** Lists files (or splits), schema and statistics. Errors: KILN_SOURCE_NOT_FOUND, KILN_SOURCE_OPTIONS. */
  resolve(request: TableRequest): Promise<Table>;
  /**
   * For `scan.type: 'external'`: the rows of one split (a `TableFile.path` of the table) as Arrow IPC streams of the table's schema.
   * Process: executor. Crossed once per chunk; chunks of some MB are best.
   */
  read?(split: string, payload: string): AsyncIterable<Uint8Array>;
}
