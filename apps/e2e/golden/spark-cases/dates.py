from pyspark.sql.functions import (
    add_months, col, date_add, date_format, date_from_unix_date, date_sub, date_trunc, datediff, dayofmonth, dayofweek, dayofyear, expr, from_unixtime,
    hour, last_day, lit, make_date, minute, month, months_between, next_day, quarter, second, to_date, to_timestamp, trunc, unix_date, unix_timestamp,
    weekday, weekofyear, year,
)

from support import case

days = lambda s: s.table("days")
one = lambda s: s.range(1)


def same(*expressions):
    return "select " + ", ".join(expressions), lambda s: one(s).select(*[expr(e) for e in expressions])


CASES = [
    case("add_months at the end of a month", "select d, add_months(d, 1), add_months(d, -2), add_months(d, 12), d + interval 1 month, d - interval '1' year from days",
         lambda s: days(s).select("d", add_months("d", 1), add_months("d", -2), add_months("d", 12), col("d") + expr("interval 1 month"), col("d") - expr("interval '1' year"))),
    case("date_add and date_sub", "select d, date_add(d, 1), date_sub(d, 60), d + 1, d - 1, 1 + d, date_add(d, k) from days",
         lambda s: days(s).select("d", date_add("d", 1), date_sub("d", 60), expr("d + 1"), expr("d - 1"), expr("1 + d"), date_add("d", col("k")))),
    case("datediff", "select datediff(d, date '2024-01-01'), datediff('2024-03-01', d), date_diff(d, d) from days",
         lambda s: days(s).select(datediff("d", expr("date '2024-01-01'")), datediff(lit("2024-03-01"), "d"), expr("date_diff(d, d)"))),
    case("date minus date is an interval", "select d - date '2024-01-01' from days", lambda s: days(s).select(col("d") - expr("date '2024-01-01'"))),
    case("interval arithmetic", "select k, d + interval '3' day, d + interval '1-2' year to month, t + interval '1 02:03:04' day to second, t - interval 90 minutes, t + interval '1' month, d + interval 2 weeks from days",
         lambda s: days(s).select("k", expr("d + interval '3' day"), expr("d + interval '1-2' year to month"), expr("t + interval '1 02:03:04' day to second"), expr("t - interval 90 minutes"), expr("t + interval '1' month"), expr("d + interval 2 weeks"))),
    case("date with an interval of hours is a timestamp", "select d + interval '36' hour, d - interval '1' second from days", lambda s: days(s).select(expr("d + interval '36' hour"), expr("d - interval '1' second"))),
    case("multiplied intervals", "select d + interval '1' day * 2, d + k * interval '1' month, t + interval '1' hour / 2 from days",
         lambda s: days(s).select(expr("d + interval '1' day * 2"), expr("d + k * interval '1' month"), expr("t + interval '1' hour / 2"))),
    case("date plus text", "select d + '1' from days", lambda s: days(s).select(col("d") + "1")),
    case("date plus date", "select d + d from days", lambda s: days(s).select(col("d") + col("d"))),
    case("parts of a date", "select d, year(d), quarter(d), month(d), day(d), dayofmonth(d), dayofweek(d), weekday(d), dayofyear(d), weekofyear(d) from days",
         lambda s: days(s).select("d", year("d"), quarter("d"), month("d"), expr("day(d)"), dayofmonth("d"), dayofweek("d"), weekday("d"), dayofyear("d"), weekofyear("d"))),
    case("parts of a timestamp", "select hour(t), minute(t), second(t), year(t), hour(d), weekofyear(t) from days",
         lambda s: days(s).select(hour("t"), minute("t"), second("t"), year("t"), hour("d"), weekofyear("t"))),
    case("extract", "select extract(year from d), extract(month from t), extract(second from t), extract(dow from d), extract(week from d), extract(quarter from t), date_part('doy', d), extract(days from interval '3 04:05:06' day to second) from days",
         lambda s: days(s).selectExpr("extract(year from d)", "extract(month from t)", "extract(second from t)", "extract(dow from d)", "extract(week from d)", "extract(quarter from t)", "date_part('doy', d)", "extract(days from interval '3 04:05:06' day to second)")),
    case("unknown part", "select extract(fortnight from d) from days", lambda s: days(s).select(expr("extract(fortnight from d)"))),
    case("trunc and date_trunc", "select trunc(d, 'year'), trunc(d, 'MM'), trunc(d, 'week'), trunc(d, 'quarter'), trunc(d, 'nope'), date_trunc('hour', t), date_trunc('month', t), date_trunc('week', d), date_trunc('MINUTE', t) from days",
         lambda s: days(s).select(trunc("d", "year"), trunc("d", "MM"), trunc("d", "week"), trunc("d", "quarter"), trunc("d", "nope"), date_trunc("hour", "t"), date_trunc("month", "t"), date_trunc("week", "d"), date_trunc("MINUTE", "t"))),
    case("last_day next_day months_between", "select last_day(d), next_day(d, 'Mon'), next_day(d, 'friday'), months_between(d, date '2023-10-31'), months_between(t, d) from days",
         lambda s: days(s).select(last_day("d"), next_day("d", "Mon"), next_day("d", "friday"), months_between("d", expr("date '2023-10-31'")), months_between("t", "d"))),
    case("next_day of no day", "select next_day(d, 'noday') from days", lambda s: days(s).select(next_day("d", "noday"))),
    case("date_format", "select date_format(t, 'yyyy-MM-dd HH:mm:ss'), date_format(d, 'dd.MM.yy'), date_format(t, 'EEEE, MMM d'), date_format(t, 'hh:mm a'), date_format(t, 'SSS D') from days",
         lambda s: days(s).select(date_format("t", "yyyy-MM-dd HH:mm:ss"), date_format("d", "dd.MM.yy"), date_format("t", "EEEE, MMM d"), date_format("t", "hh:mm a"), date_format("t", "SSS D"))),
    case("to_date and to_timestamp", *same("to_date('2024-02-29')", "to_date('29/02/2024', 'dd/MM/yyyy')", "to_timestamp('2024-02-29 01:02:03')", "to_timestamp('02/29/24 13:00', 'MM/dd/yy HH:mm')", "to_date(null)")),
    case("to_date of bad text", "select to_date('2024-13-01', 'yyyy-MM-dd')", lambda s: one(s).select(to_date(lit("2024-13-01"), "yyyy-MM-dd"))),
    case("to_timestamp of bad text", "select to_timestamp('soon')", lambda s: one(s).select(to_timestamp(lit("soon")))),
    case("try_to_timestamp", "select try_to_timestamp('soon'), try_to_timestamp('2024-02-29')", lambda s: one(s).select(expr("try_to_timestamp('soon')"), expr("try_to_timestamp('2024-02-29')"))),
    case("unix time", "select unix_timestamp(t), unix_timestamp('1970-01-02', 'yyyy-MM-dd'), from_unixtime(0), from_unixtime(86400, 'yyyy/MM/dd'), unix_date(d), date_from_unix_date(1) from days",
         lambda s: days(s).select(unix_timestamp("t"), unix_timestamp(lit("1970-01-02"), "yyyy-MM-dd"), from_unixtime(lit(0)), from_unixtime(lit(86400), "yyyy/MM/dd"), unix_date("d"), date_from_unix_date(lit(1)))),
    case("timestamps of numbers", *same("timestamp_seconds(1.5)", "timestamp_millis(1500L)", "timestamp_micros(-1L)", "unix_seconds(timestamp '1970-01-01 00:01:00')", "unix_millis(timestamp '1969-12-31 23:59:59.999')", "unix_micros(timestamp '1970-01-01 00:00:01')")),
    case("make_date", "select make_date(2024, 2, 29), make_date(2024, null, 1)", lambda s: one(s).select(make_date(lit(2024), lit(2), lit(29)), make_date(lit(2024), lit(None), lit(1)))),
    case("make_date of no date", "select make_date(2023, 2, 29)", lambda s: one(s).select(make_date(lit(2023), lit(2), lit(29)))),
    case("interval literals in both forms", "select d + interval '1' day = d + interval 1 day, d + interval '1 day' = d + 1, timestamp '2024-01-01' + interval '1' second, date '2024-01-31' + interval '1' month, date '2024-03-31' - interval '1' month from days where k = 1",
         lambda s: days(s).where("k = 1").selectExpr("d + interval '1' day = d + interval 1 day", "d + interval '1 day' = d + 1", "timestamp '2024-01-01' + interval '1' second", "date '2024-01-31' + interval '1' month", "date '2024-03-31' - interval '1' month")),
    case("timestamp minus timestamp", "select t - timestamp '2024-01-01 00:00:00' from days", lambda s: days(s).select(col("t") - expr("timestamp '2024-01-01 00:00:00'"))),
    case("old and far dates", *same("date '0001-01-01'", "date '9999-12-31'", "date '1582-10-15' - 1", "datediff(date '2000-01-01', date '1600-01-01')", "year(date '0001-01-01')", "timestamp '1900-01-01 00:00:00.000001'", "add_months(date '2024-02-29', -48)")),
    case("timestampadd and timestampdiff", "select timestampadd(MONTH, 1, timestamp '2020-01-31 10:00:00'), timestampadd(WEEK, -1, timestamp '2020-01-31 10:00:00'), timestampadd(HOUR, 30, timestamp_ntz '2020-01-31 00:00:00'), timestampdiff(MONTH, timestamp '2020-01-31 00:00:00', timestamp '2020-02-29 00:00:00'), timestampdiff(DAY, timestamp '2020-01-31 12:00:00', timestamp '2020-02-29 00:00:00'), timestampdiff(HOUR, timestamp '2020-02-29 00:00:00', timestamp '2020-02-28 00:00:01')", None),
    case("intervals as text", "select cast(interval '3' day as string), cast(interval '1 02:03:04.5' day to second as string), cast(interval '36' hour as string), cast(interval '14' month as string), cast(interval '3 04:05:06' day to second as interval day)", None),
    case("extract from intervals", "select extract(days from interval '-3 04:05:06' day to second), extract(hour from interval '-3 04:05:06.5' day to second), extract(second from interval '-3 04:05:06.5' day to second), extract(month from interval '1-2' year to month)", None),
    case("extract of a field that is not there", "select extract(year from interval '14' month)", None),
    case("try_to_timestamp with a format", "select try_to_timestamp('29.02.2024', 'dd.MM.yyyy'), try_to_timestamp('30.02.2024', 'dd.MM.yyyy')", None),
    case("seconds before the epoch", "select unix_timestamp(timestamp '1969-12-31 23:59:59.5'), unix_seconds(timestamp '1969-12-31 23:59:59.5'), cast(timestamp '1969-12-31 23:59:59.5' as bigint)", None),
]
