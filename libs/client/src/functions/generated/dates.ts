/** Dates and times. Formats are those of `DateTimeFormatter`: `yyyy-MM-dd HH:mm:ss`. Generated from scripts/functions/dates.ts by `npm run gen`. */
import {
  Column,
  type ColumnOrName,
  type ColumnOrValue,
  functionExpression,
  toExpression,
  valueExpression,
} from '../../column/column.ts';

/** Today, in the session's time zone. */
export function current_date(): Column {
  return new Column(functionExpression('current_date', []));
}
/** The time at which the query began. */
export function current_timestamp(): Column {
  return new Column(functionExpression('current_timestamp', []));
}
/** The same as {@link current_timestamp}. */
export function now(): Column {
  return new Column(functionExpression('now', []));
}
/** Days later. */
export function date_add(date: ColumnOrName, days: ColumnOrValue): Column {
  return new Column(functionExpression('date_add', [toExpression(date), valueExpression(days)]));
}
/** Days before. */
export function date_sub(date: ColumnOrName, days: ColumnOrValue): Column {
  return new Column(functionExpression('date_sub', [toExpression(date), valueExpression(days)]));
}
/** Days from `start` to `end`. */
export function datediff(end: ColumnOrName, start: ColumnOrName): Column {
  return new Column(functionExpression('datediff', [toExpression(end), toExpression(start)]));
}
/** Months later; the last day stays within the month. */
export function add_months(date: ColumnOrName, months: ColumnOrValue): Column {
  return new Column(functionExpression('add_months', [toExpression(date), valueExpression(months)]));
}
/** Months from `start` to `end`, with a fraction. */
export function months_between(end: ColumnOrName, start: ColumnOrName): Column {
  return new Column(functionExpression('months_between', [toExpression(end), toExpression(start)]));
}
/** Last day of the month. */
export function last_day(date: ColumnOrName): Column {
  return new Column(functionExpression('last_day', [toExpression(date)]));
}
/** The next such day (`'Mon'`). */
export function next_day(date: ColumnOrName, dayOfWeek: ColumnOrValue): Column {
  return new Column(functionExpression('next_day', [toExpression(date), valueExpression(dayOfWeek)]));
}
/** Year. */
export function year(date: ColumnOrName): Column {
  return new Column(functionExpression('year', [toExpression(date)]));
}
/** Quarter, 1 to 4. */
export function quarter(date: ColumnOrName): Column {
  return new Column(functionExpression('quarter', [toExpression(date)]));
}
/** Month, 1 to 12. */
export function month(date: ColumnOrName): Column {
  return new Column(functionExpression('month', [toExpression(date)]));
}
/** Day of the month. */
export function day(date: ColumnOrName): Column {
  return new Column(functionExpression('day', [toExpression(date)]));
}
/** Day of the month. */
export function dayofmonth(date: ColumnOrName): Column {
  return new Column(functionExpression('dayofmonth', [toExpression(date)]));
}
/** Day of the week: 1 is Sunday. */
export function dayofweek(date: ColumnOrName): Column {
  return new Column(functionExpression('dayofweek', [toExpression(date)]));
}
/** Day of the week: 0 is Monday. */
export function weekday(date: ColumnOrName): Column {
  return new Column(functionExpression('weekday', [toExpression(date)]));
}
/** Day of the year. */
export function dayofyear(date: ColumnOrName): Column {
  return new Column(functionExpression('dayofyear', [toExpression(date)]));
}
/** ISO week. */
export function weekofyear(date: ColumnOrName): Column {
  return new Column(functionExpression('weekofyear', [toExpression(date)]));
}
/** Hour. */
export function hour(timestamp: ColumnOrName): Column {
  return new Column(functionExpression('hour', [toExpression(timestamp)]));
}
/** Minute. */
export function minute(timestamp: ColumnOrName): Column {
  return new Column(functionExpression('minute', [toExpression(timestamp)]));
}
/** Second. */
export function second(timestamp: ColumnOrName): Column {
  return new Column(functionExpression('second', [toExpression(timestamp)]));
}
/** Beginning of its `'year'`, `'month'`, `'week'`, `'day'`, `'hour'`... */
export function date_trunc(unit: ColumnOrValue, timestamp: ColumnOrName): Column {
  return new Column(functionExpression('date_trunc', [valueExpression(unit), toExpression(timestamp)]));
}
/** Beginning of its `'year'`, `'quarter'`, `'month'` or `'week'`. */
export function trunc(date: ColumnOrName, unit: ColumnOrValue): Column {
  return new Column(functionExpression('trunc', [toExpression(date), valueExpression(unit)]));
}
/** A text as DATE. */
export function to_date(text: ColumnOrName, format?: ColumnOrValue): Column {
  return new Column(
    functionExpression('to_date', [toExpression(text), ...(format === undefined ? [] : [valueExpression(format)])]),
  );
}
/** A text as TIMESTAMP. */
export function to_timestamp(text: ColumnOrName, format?: ColumnOrValue): Column {
  return new Column(
    functionExpression('to_timestamp', [
      toExpression(text),
      ...(format === undefined ? [] : [valueExpression(format)]),
    ]),
  );
}
/** A text in a format. */
export function date_format(timestamp: ColumnOrName, format: ColumnOrValue): Column {
  return new Column(functionExpression('date_format', [toExpression(timestamp), valueExpression(format)]));
}
/** Seconds since 1970. */
export function unix_timestamp(time: ColumnOrName, format?: ColumnOrValue): Column {
  return new Column(
    functionExpression('unix_timestamp', [
      toExpression(time),
      ...(format === undefined ? [] : [valueExpression(format)]),
    ]),
  );
}
/** A text of seconds since 1970. */
export function from_unixtime(seconds: ColumnOrName, format?: ColumnOrValue): Column {
  return new Column(
    functionExpression('from_unixtime', [
      toExpression(seconds),
      ...(format === undefined ? [] : [valueExpression(format)]),
    ]),
  );
}
/** A DATE of its parts. */
export function make_date(year: ColumnOrName, month: ColumnOrName, day: ColumnOrName): Column {
  return new Column(functionExpression('make_date', [toExpression(year), toExpression(month), toExpression(day)]));
}
/** Days since 1970. */
export function unix_date(date: ColumnOrName): Column {
  return new Column(functionExpression('unix_date', [toExpression(date)]));
}
/** A DATE of days since 1970. */
export function date_from_unix_date(days: ColumnOrName): Column {
  return new Column(functionExpression('date_from_unix_date', [toExpression(days)]));
}
/** A TIMESTAMP of seconds since 1970. */
export function timestamp_seconds(seconds: ColumnOrName): Column {
  return new Column(functionExpression('timestamp_seconds', [toExpression(seconds)]));
}
/** A TIMESTAMP of milliseconds since 1970. */
export function timestamp_millis(milliseconds: ColumnOrName): Column {
  return new Column(functionExpression('timestamp_millis', [toExpression(milliseconds)]));
}
/** A TIMESTAMP of microseconds since 1970. */
export function timestamp_micros(microseconds: ColumnOrName): Column {
  return new Column(functionExpression('timestamp_micros', [toExpression(microseconds)]));
}
/** Seconds since 1970. */
export function unix_seconds(timestamp: ColumnOrName): Column {
  return new Column(functionExpression('unix_seconds', [toExpression(timestamp)]));
}
/** Milliseconds since 1970. */
export function unix_millis(timestamp: ColumnOrName): Column {
  return new Column(functionExpression('unix_millis', [toExpression(timestamp)]));
}
/** Microseconds since 1970. */
export function unix_micros(timestamp: ColumnOrName): Column {
  return new Column(functionExpression('unix_micros', [toExpression(timestamp)]));
}
