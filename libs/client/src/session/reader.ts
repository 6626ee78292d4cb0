import type { Relation, StructField } from '@kiln/contracts';
import { nameParts } from '../column/names.ts';
import { DataFrame } from '../dataframe/dataframe.ts';
import type { FrameContext } from '../dataframe/frame-context.ts';
import { parseSchema } from '../types/parse-type.ts';
import type { Row } from '../values/value.ts';
import { type OptionValue, optionTexts } from './options.ts';
import { absolutePath } from './paths.ts';

interface ReaderState {
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
  readonly schema: readonly StructField[] | null;
}

/** How and what to read. Immutable; nothing is read before an action. */
export class DataFrameReader {
  readonly #context: FrameContext;
  readonly #state: ReaderState;

  constructor(context: FrameContext, state: ReaderState = { format: 'parquet', options: {}, schema: null }) {
    this.#context = context;
    this.#state = state;
  }

  /** `parquet` (when not called), `csv`, or one of a plugin. */
  format(format: string): DataFrameReader {
    return this.#with({ format });
  }

  /** An option of the format: `option('header', true)`. */
  option(name: string, value: OptionValue): DataFrameReader {
    return this.options({ [name]: value });
  }

  /** Several options of the format. */
  options(options: Readonly<Record<string, OptionValue>>): DataFrameReader {
    return this.#with({ options: { ...this.#state.options, ...optionTexts(options) } });
  }

  /** The columns, instead of what the source finds out: `schema('iata string, latitude double')`. */
  schema(schema: string | readonly StructField[]): DataFrameReader {
    return this.#with({ schema: typeof schema === 'string' ? parseSchema(schema) : schema });
  }

  /** Parquet files: paths of files, folders or patterns. */
  parquet<T extends object = Row>(...paths: readonly string[]): DataFrame<T> {
    return this.format('parquet').load<T>(...paths);
  }

  /** CSV files. Options: `header`, `inferSchema`, `sep`, `quote`, `escape`, `nullValue`... */
  csv<T extends object = Row>(...paths: readonly string[]): DataFrame<T> {
    return this.format('csv').load<T>(...paths);
  }

  /** What the format finds at these paths; some formats need none. */
  load<T extends object = Row>(...paths: readonly string[]): DataFrame<T> {
    const { format, options, schema } = this.#state;
    const source = {
      type: 'data-source',
      format,
      paths: paths.map((path) => absolutePath(path)),
      options: Object.entries(options),
      schema,
    } as const;
    return this.#frame<T>({ type: 'read', source, position: null });
  }

  /** A temp view. */
  table<T extends object = Row>(name: string): DataFrame<T> {
    return this.#frame<T>({ type: 'read', source: { type: 'named-table', parts: nameParts(name) }, position: null });
  }

  #frame<T extends object>(plan: Relation): DataFrame<T> {
    return new DataFrame<T>(this.#context, plan);
  }

  #with(changes: Partial<ReaderState>): DataFrameReader {
    return new DataFrameReader(this.#context, { ...this.#state, ...changes });
  }
}
