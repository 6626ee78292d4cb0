/** Spark's SQL types as data; the twin of `native/sql/src/tree/data_type.rs`. */
export type DataType =
  | { readonly type: 'null' | 'boolean' | 'byte' | 'short' | 'integer' | 'long' | 'float' | 'double' }
  | { readonly type: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly type: 'string' | 'binary' | 'date' | 'timestamp' | 'timestamp-ntz' }
  | { readonly type: 'year-month-interval' | 'day-time-interval' | 'calendar-interval' }
  | { readonly type: 'array'; readonly element: DataType; readonly containsNull: boolean }
  | { readonly type: 'map'; readonly key: DataType; readonly value: DataType; readonly valueContainsNull: boolean }
  | { readonly type: 'struct'; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly dataType: DataType;
  readonly nullable: boolean;
}
