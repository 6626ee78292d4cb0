/**
 * Kiln for users: a {@link Session} makes {@link DataFrame}s, `functions` makes their columns.
 *
 * ```ts
 * import { Session } from '@kiln/client';
 * import { avg, col } from '@kiln/client/functions';
 *
 * await using session = await Session.create();
 * const airports = session.read.option('header', true).csv('airports.csv');
 * await airports.groupBy('state').agg(avg(col('latitude').cast('double')).as('latitude')).orderBy('state').show();
 * ```
 */
export { isKilnError, KilnError } from '@kiln/base';
export { Column, type ColumnOrName, type ColumnOrValue, SortColumn } from './column/column.ts';
export { Window, WindowBuilder } from './column/window.ts';
export { DataFrame } from './dataframe/dataframe.ts';
export type { ExplainMode } from './dataframe/explain-text.ts';
export type { ActionOptions, ShowFormat } from './dataframe/frame-actions.ts';
export { GroupedData } from './dataframe/grouped-data.ts';
export type { JoinType } from './dataframe/join-kind.ts';
export type { FillValue, NaDropOptions, NaFunctions } from './dataframe/na-functions.ts';
export type { PivotValue } from './dataframe/pivot.ts';
export { DataFrameWriter } from './dataframe/writer.ts';
export type { EngineHandle, PluginReference, WriteResult } from './engine-port.ts';
export type { ClientErrorCode } from './errors.ts';
export * as functions from './functions/index.ts';
export { fromModule } from './rdd/from-module.ts';
export type { FunctionOptions } from './rdd/function-source.ts';
export type { Pair, ShuffleOptions } from './rdd/pair-operations.ts';
export { RDD } from './rdd/rdd.ts';
export type { FunctionActionOptions } from './rdd/rdd-actions.ts';
export { SparkContext } from './rdd/spark-context.ts';
export type { RowInput } from './session/local-rows.ts';
export type { OptionValue } from './session/options.ts';
export { DataFrameReader } from './session/reader.ts';
export type { RuntimeConf } from './session/runtime-conf.ts';
export { Session, type SessionOptions } from './session/session.ts';
export { parseDataType, parseSchema } from './types/parse-type.ts';
export { schemaTree, typeText } from './types/type-text.ts';
export type { LiteralValue } from './values/literal.ts';
export { jsonValue } from './values/row.ts';
export type { Row, RowOf, Value } from './values/value.ts';
