import { type ErrorData, errorFromData, type JobId, KilnError } from '@kiln/base';
import type { WriteJob } from '@kiln/contracts/storage';
import type { StagedQuery } from './stages.ts';

/** What a job gives back as it goes; `data` come in partition order. */
export interface JobListener {
  onResult(data: Uint8Array): void;
}

export interface WriteSummary {
  rows: number;
  files: number;
  bytes: number;
}

/** A running job on the driver: ordered results, scalar values, the write it commits. */
export class Job {
  readonly scalars: Record<number, string> = {};
  readonly written: WriteSummary = { rows: 0, files: 0, bytes: 0 };
  readonly done: Promise<void>;
  /** Its end is being dealt with. */
  isEnding = false;
  readonly id: JobId;
  readonly query: StagedQuery;
  readonly write: WriteJob | null;
  /** Settles {@link done}. */
  readonly end: (error: ErrorData | null) => void;
  readonly #listener: JobListener;
  readonly #maxResultBytes: number;
  readonly #waiting = new Map<number, Uint8Array>();
  readonly #scalarRows = new Map<number, number>();
  #nextPartition = 0;
  #resultBytes = 0;

  constructor(id: JobId, query: StagedQuery, write: WriteJob | null, listener: JobListener, maxResultBytes: number) {
    this.id = id;
    this.query = query;
    this.write = write;
    this.#listener = listener;
    this.#maxResultBytes = maxResultBytes;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.done.catch(() => {});
    this.end = (error) => (error === null ? resolve() : reject(errorFromData(error)));
  }

  resultTooLarge(): KilnError {
    const message = `The results of job ${this.id} are larger than spark.driver.maxResultSize (${this.#maxResultBytes} bytes)`;
    return new KilnError('KILN_RESULT_TOO_LARGE', message, {
      hint: 'Write the result to files, add a limit, or raise spark.driver.maxResultSize',
      concerns: { job: String(this.id) },
    });
  }

  /** Errors: KILN_RESULT_TOO_LARGE beyond `spark.driver.maxResultSize`. */
  addResult(partition: number, data: Uint8Array): void {
    this.#resultBytes += data.byteLength;
    if (this.#maxResultBytes > 0 && this.#resultBytes > this.#maxResultBytes) throw this.resultTooLarge();
    this.#waiting.set(partition, data);
    for (
      let next = this.#waiting.get(this.#nextPartition);
      next !== undefined;
      next = this.#waiting.get(this.#nextPartition)
    ) {
      this.#waiting.delete(this.#nextPartition++);
      this.#listener.onResult(next);
    }
  }

  /** Errors: SCALAR_SUBQUERY_TOO_MANY_ROWS, as Spark. */
  addScalar(subqueryId: number, rows: number, data: Uint8Array): void {
    const before = this.#scalarRows.get(subqueryId) ?? 0;
    this.#scalarRows.set(subqueryId, before + rows);
    if (before + rows > 1)
      throw new KilnError(
        'SCALAR_SUBQUERY_TOO_MANY_ROWS',
        'More than one row returned by a subquery used as an expression',
      );
    if (rows > 0 || this.scalars[subqueryId] === undefined)
      this.scalars[subqueryId] = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  }
}
