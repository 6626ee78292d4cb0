import type { Session } from '@kiln/client';
import {
  add_months,
  col,
  date_add,
  date_format,
  date_from_unix_date,
  date_sub,
  date_trunc,
  datediff,
  dayofmonth,
  dayofweek,
  dayofyear,
  expr,
  from_unixtime,
  hour,
  last_day,
  lit,
  make_date,
  minute,
  month,
  months_between,
  next_day,
  quarter,
  second,
  to_date,
  to_timestamp,
  trunc,
  unix_date,
  unix_timestamp,
  weekday,
  weekofyear,
  year,
} from '@kiln/client/functions';
import { type Builders, exprs } from './support.ts';

const days = (s: Session) => s.table('days');
const one = (s: Session) => s.range(1);

export const dates: Builders = {
  'add_months at the end of a month': (s) =>
    days(s).select(
      'd',
      add_months('d', 1),
      add_months('d', -2),
      add_months('d', 12),
      col('d').plus(expr('interval 1 month')),
      col('d').minus(expr("interval '1' year")),
    ),
  'date_add and date_sub': (s) =>
    days(s).select(
      'd',
      date_add('d', 1),
      date_sub('d', 60),
      expr('d + 1'),
      expr('d - 1'),
      expr('1 + d'),
      date_add('d', col('k')),
    ),
  datediff: (s) =>
    days(s).select(datediff('d', expr("date '2024-01-01'")), datediff(lit('2024-03-01'), 'd'), expr('date_diff(d, d)')),
  'date minus date is an interval': (s) => days(s).select(col('d').minus(expr("date '2024-01-01'"))),
  'interval arithmetic': (s) =>
    days(s).select(
      'k',
      expr("d + interval '3' day"),
      expr("d + interval '1-2' year to month"),
      expr("t + interval '1 02:03:04' day to second"),
      expr('t - interval 90 minutes'),
      expr("t + interval '1' month"),
      expr('d + interval 2 weeks'),
    ),
  'date with an interval of hours is a timestamp': (s) =>
    days(s).select(expr("d + interval '36' hour"), expr("d - interval '1' second")),
  'multiplied intervals': (s) =>
    days(s).select(
      expr("d + interval '1' day * 2"),
      expr("d + k * interval '1' month"),
      expr("t + interval '1' hour / 2"),
    ),
  'date plus text': (s) => days(s).select(col('d').plus('1')),
  'date plus date': (s) => days(s).select(col('d').plus(col('d'))),
  'parts of a date': (s) =>
    days(s).select(
      'd',
      year('d'),
      quarter('d'),
      month('d'),
      expr('day(d)'),
      dayofmonth('d'),
      dayofweek('d'),
      weekday('d'),
      dayofyear('d'),
      weekofyear('d'),
    ),
  'parts of a timestamp': (s) =>
    days(s).select(hour('t'), minute('t'), second('t'), year('t'), hour('d'), weekofyear('t')),
  extract: (s) =>
    days(s).selectExpr(
      'extract(year from d)',
      'extract(month from t)',
      'extract(second from t)',
      'extract(dow from d)',
      'extract(week from d)',
      'extract(quarter from t)',
      "date_part('doy', d)",
      "extract(days from interval '3 04:05:06' day to second)",
    ),
  'unknown part': (s) => days(s).select(expr('extract(fortnight from d)')),
  'trunc and date_trunc': (s) =>
    days(s).select(
      trunc('d', 'year'),
      trunc('d', 'MM'),
      trunc('d', 'week'),
      trunc('d', 'quarter'),
      trunc('d', 'nope'),
      date_trunc('hour', 't'),
      date_trunc('month', 't'),
      date_trunc('week', 'd'),
      date_trunc('MINUTE', 't'),
    ),
  'last_day next_day months_between': (s) =>
    days(s).select(
      last_day('d'),
      next_day('d', 'Mon'),
      next_day('d', 'friday'),
      months_between('d', expr("date '2023-10-31'")),
      months_between('t', 'd'),
    ),
  'next_day of no day': (s) => days(s).select(next_day('d', 'noday')),
  date_format: (s) =>
    days(s).select(
      date_format('t', 'yyyy-MM-dd HH:mm:ss'),
      date_format('d', 'dd.MM.yy'),
      date_format('t', 'EEEE, MMM d'),
      date_format('t', 'hh:mm a'),
      date_format('t', 'SSS D'),
    ),
  'to_date and to_timestamp': exprs(
    "to_date('2024-02-29')",
    "to_date('29/02/2024', 'dd/MM/yyyy')",
    "to_timestamp('2024-02-29 01:02:03')",
    "to_timestamp('02/29/24 13:00', 'MM/dd/yy HH:mm')",
    'to_date(null)',
  ),
  'to_date of bad text': (s) => one(s).select(to_date(lit('2024-13-01'), 'yyyy-MM-dd')),
  'to_timestamp of bad text': (s) => one(s).select(to_timestamp(lit('soon'))),
  try_to_timestamp: (s) => one(s).select(expr("try_to_timestamp('soon')"), expr("try_to_timestamp('2024-02-29')")),
  'unix time': (s) =>
    days(s).select(
      unix_timestamp('t'),
      unix_timestamp(lit('1970-01-02'), 'yyyy-MM-dd'),
      from_unixtime(lit(0)),
      from_unixtime(lit(86400), 'yyyy/MM/dd'),
      unix_date('d'),
      date_from_unix_date(lit(1)),
    ),
  'timestamps of numbers': exprs(
    'timestamp_seconds(1.5)',
    'timestamp_millis(1500L)',
    'timestamp_micros(-1L)',
    "unix_seconds(timestamp '1970-01-01 00:01:00')",
    "unix_millis(timestamp '1969-12-31 23:59:59.999')",
    "unix_micros(timestamp '1970-01-01 00:00:01')",
  ),
  make_date: (s) => one(s).select(make_date(lit(2024), lit(2), lit(29)), make_date(lit(2024), lit(null), lit(1))),
  'make_date of no date': (s) => one(s).select(make_date(lit(2023), lit(2), lit(29))),
  'interval literals in both forms': (s) =>
    days(s)
      .where('k = 1')
      .selectExpr(
        "d + interval '1' day = d + interval 1 day",
        "d + interval '1 day' = d + 1",
        "timestamp '2024-01-01' + interval '1' second",
        "date '2024-01-31' + interval '1' month",
        "date '2024-03-31' - interval '1' month",
      ),
  'timestamp minus timestamp': (s) => days(s).select(col('t').minus(expr("timestamp '2024-01-01 00:00:00'"))),
  'old and far dates': exprs(
    "date '0001-01-01'",
    "date '9999-12-31'",
    "date '1582-10-15' - 1",
    "datediff(date '2000-01-01', date '1600-01-01')",
    "year(date '0001-01-01')",
    "timestamp '1900-01-01 00:00:00.000001'",
    "add_months(date '2024-02-29', -48)",
  ),
  'timestampadd and timestampdiff': null,
  'intervals as text': null,
  'extract from intervals': null,
  'extract of a field that is not there': null,
  'try_to_timestamp with a format': null,
  'seconds before the epoch': null,
};
