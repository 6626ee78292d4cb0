/** Spark's SQL types as data; the twin of `native/sql/src/tree/data_type.rs`. */
export type DataType =
  | { readonly type: 'null' | 'boolean' | 'byte' | 'short' | 'integer' | 'long' | 'float' | 'double' }
  | { readonly type: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly type: 'string' | 'binary' | 'date' | 'timestamp' | 'timestamp-ntz' }
  /** Without fields: `INTERVAL YEAR TO MONTH`. */
  | { readonly type: 'year-month-interval'; readonly start?: 'month'; readonly end?: 'year' }
  /** Without fields: `INTERVAL DAY TO SECOND`. */
  | {
      readonly type: 'day-time-interval';
      readonly start?: 'hour' | 'minute' | 'second';
      readonly end?: 'day' | 'hour' | 'minute';
    }
  | { readonly type: 'calendar-interval' }
  | { readonly type: 'array'; readonly element: DataType; readonly containsNull: boolean }
  | { readonly type: 'map'; readonly key: DataType; readonly value: DataType; readonly valueContainsNull: boolean }
  | { readonly type: 'struct'; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly dataType: DataType;
  readonly nullable: boolean;
}
