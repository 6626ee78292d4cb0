import type { Relation, WriteMode } from '@kiln/contracts';
import type { WriteResult } from '../engine-port.ts';
import { type OptionValue, optionTexts } from '../session/options.ts';
import { absolutePath } from '../session/paths.ts';
import type { ExplainMode } from './explain-text.ts';
import type { ActionOptions } from './frame-actions.ts';

/** What a writer needs of its DataFrame. */
export interface WriteActions {
  write(plan: Relation, mode: WriteMode, options: ActionOptions): Promise<WriteResult>;
  explain(plan: Relation, mode: ExplainMode): Promise<string>;
}

interface WriterState {
  readonly format: string;
  readonly mode: WriteMode;
  readonly options: Readonly<Record<string, string>>;
  readonly partitionBy: readonly string[];
}

/** How and where to write a DataFrame. Immutable; `save`, `parquet` and `csv` run it. Files appear all at once or not at all. */
export class DataFrameWriter {
  readonly #actions: WriteActions;
  readonly #input: Relation;
  readonly #state: WriterState;

  constructor(actions: WriteActions, input: Relation, state?: WriterState) {
    this.#actions = actions;
    this.#input = input;
    this.#state = state ?? { format: 'parquet', mode: 'error', options: {}, partitionBy: [] };
  }

  /** `parquet` (when not called), `csv`, or one of a plugin. */
  format(format: string): DataFrameWriter {
    return this.#with({ format });
  }

  /** When the path holds something: `error` (when not called), `overwrite`, `append` or `ignore`. */
  mode(mode: WriteMode): DataFrameWriter {
    return this.#with({ mode });
  }

  /** An option of the format: `option('header', true)`. */
  option(name: string, value: OptionValue): DataFrameWriter {
    return this.options({ [name]: value });
  }

  /** Several options of the format. */
  options(options: Readonly<Record<string, OptionValue>>): DataFrameWriter {
    return this.#with({ options: { ...this.#state.options, ...optionTexts(options) } });
  }

  /** One folder per combination of values of these columns: `state=TX/`. */
  partitionBy(...columns: readonly string[]): DataFrameWriter {
    return this.#with({ partitionBy: columns });
  }

  /** Writes Parquet files into the folder `path`. */
  async parquet(path: string, options?: ActionOptions): Promise<WriteResult> {
    return this.format('parquet').save(path, options);
  }

  /** Writes CSV files into the folder `path`. */
  async csv(path: string, options?: ActionOptions): Promise<WriteResult> {
    return this.format('csv').save(path, options);
  }

  /** Writes into the folder `path`. Errors: KILN_OUTPUT_EXISTS in mode `error`. */
  async save(path: string, options: ActionOptions = {}): Promise<WriteResult> {
    options.signal?.throwIfAborted();
    return this.#actions.write(this.#plan(path), this.#state.mode, options);
  }

  /** What {@link save} would run; see `DataFrame.explainString`. */
  async explainString(path: string, mode: ExplainMode = 'simple'): Promise<string> {
    return this.#actions.explain(this.#plan(path), mode);
  }

  #plan(path: string): Relation {
    const { format, options, partitionBy } = this.#state;
    return {
      type: 'write',
      input: this.#input,
      format,
      path: absolutePath(path),
      options: Object.entries(options),
      partitionBy,
    };
  }

  #with(changes: Partial<WriterState>): DataFrameWriter {
    return new DataFrameWriter(this.#actions, this.#input, { ...this.#state, ...changes });
  }
}
