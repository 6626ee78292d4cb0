from pyspark.sql.functions import col, expr, lit

from support import case

one = lambda s: s.range(1)
nums = lambda s: s.table("nums")
words = lambda s: s.table("words")


def frame_of(*columns):
    return lambda s: one(s).select(*columns)


CASES = [
    case("text to int", "select cast(' 12 ' as int), cast('-7' as bigint), cast('+5' as tinyint), int('0012')",
         frame_of(lit(" 12 ").cast("int"), lit("-7").cast("bigint"), lit("+5").cast("tinyint"), expr("int('0012')"))),
    case("bad text to int", "select cast(w as int) from words", lambda s: words(s).select(col("w").cast("int"))),
    case("fraction in text to int", "select cast('1.5' as int)", frame_of(lit("1.5").cast("int"))),
    case("empty text to int", "select cast('' as int)", frame_of(lit("").cast("int"))),
    case("large text to int", "select cast('2147483648' as int)", frame_of(lit("2147483648").cast("int"))),
    case("try_cast gives null", "select k, try_cast(w as int), try_cast(w as date), try_cast('1.5' as int), try_cast('12' as int) from words",
         lambda s: words(s).select("k", col("w").try_cast("int"), col("w").try_cast("date"), lit("1.5").try_cast("int"), lit("12").try_cast("int"))),
    case("text to double", "select double('1e3'), double(' .5 '), double('NaN'), double('-inf'), double('Infinity'), float('0.1'), double('1.5f')",
         frame_of(*[expr(e) for e in ["double('1e3')", "double(' .5 ')", "double('NaN')", "double('-inf')", "double('Infinity')", "float('0.1')", "double('1.5f')"]])),
    case("bad text to double", "select cast('one' as double)", frame_of(lit("one").cast("double"))),
    case("text to decimal", "select cast('1.005' as decimal(10,2)), cast(' -2.5e2 ' as decimal(10,1)), cast('0' as decimal(3,3)), decimal('12.7')",
         frame_of(lit("1.005").cast("decimal(10,2)"), lit(" -2.5e2 ").cast("decimal(10,1)"), lit("0").cast("decimal(3,3)"), expr("decimal('12.7')"))),
    case("bad text to decimal", "select cast('x' as decimal(10,2))", frame_of(lit("x").cast("decimal(10,2)"))),
    case("double to integers", "select cast(2.9D as int), cast(-2.9D as int), cast(1e9D as bigint), cast(2.5F as smallint), cast(-0.0D as int)",
         frame_of(*[expr(e) for e in ["cast(2.9D as int)", "cast(-2.9D as int)", "cast(1e9D as bigint)", "cast(2.5F as smallint)", "cast(-0.0D as int)"]])),
    case("double too large for int", "select cast(d * 1e9D as int) from nums", lambda s: nums(s).select((col("d") * expr("1e9D")).cast("int"))),
    case("NaN to int", "select cast(double('NaN') as int)", frame_of(lit("NaN").cast("double").cast("int"))),
    case("int too large for tinyint", "select cast(i as tinyint) from limits", lambda s: s.table("limits").select(col("i").cast("tinyint"))),
    case("bigint to int overflow", "select cast(b as int) from limits", lambda s: s.table("limits").select(col("b").cast("int"))),
    case("decimal rounding", "select cast(2.345 as decimal(3,2)), cast(-2.345 as decimal(3,2)), cast(2.5 as int), cast(-2.5 as bigint), cast(m as decimal(4,1)), cast(m as double), cast(m as string) from nums where k < 3",
         lambda s: nums(s).where("k < 3").select(expr("cast(2.345 as decimal(3,2))"), expr("cast(-2.345 as decimal(3,2))"), expr("cast(2.5 as int)"), expr("cast(-2.5 as bigint)"),
                                                 col("m").cast("decimal(4,1)"), col("m").cast("double"), col("m").cast("string"))),
    case("decimal that does not fit", "select cast(12345.6 as decimal(4,1))", frame_of(expr("cast(12345.6 as decimal(4,1))"))),
    case("int to decimal that does not fit", "select cast(i as decimal(3,2)) from limits", lambda s: s.table("limits").select(col("i").cast("decimal(3,2)"))),
    case("double to decimal", "select cast(1.005D as decimal(10,2)), cast(2.5D as decimal(2,0)), cast(1e10D as decimal(38,18)), cast(0.1F as decimal(10,5))",
         frame_of(*[expr(e) for e in ["cast(1.005D as decimal(10,2))", "cast(2.5D as decimal(2,0))", "cast(1e10D as decimal(38,18))", "cast(0.1F as decimal(10,5))"]])),
    case("numbers to text", "select string(1.0D), string(1e7D), string(1.5e-5D), string(123456789.125D), string(0.1F), string(double('NaN')), string(-0.0D), string(1e21D), string(cast(0 as decimal(10,3))), string(100L)",
         frame_of(*[expr(e) for e in ["string(1.0D)", "string(1e7D)", "string(1.5e-5D)", "string(123456789.125D)", "string(0.1F)", "string(double('NaN'))", "string(-0.0D)", "string(1e21D)", "string(cast(0 as decimal(10,3)))", "string(100L)"]])),
    case("boolean to and from", "select cast('true' as boolean), cast(' T ' as boolean), cast('no' as boolean), cast('0' as boolean), cast(2 as boolean), cast(0.0D as boolean), cast(true as int), cast(false as string), cast(true as decimal(3,1))",
         frame_of(*[lit(v).cast("boolean") for v in ["true", " T ", "no", "0"]], lit(2).cast("boolean"), expr("cast(0.0D as boolean)"), lit(True).cast("int"), lit(False).cast("string"), lit(True).cast("decimal(3,1)"))),
    case("bad boolean", "select cast('maybe' as boolean)", frame_of(lit("maybe").cast("boolean"))),
    case("text to date", "select date '2024-02-29', cast('2024-2-9' as date), cast(' 2024-02-29 ' as date), cast('2024' as date), cast('2024-03' as date), cast('2024-02-29 12:00' as date), cast('2024-02-29T23:59:59Z' as date)",
         frame_of(expr("date '2024-02-29'"), *[lit(v).cast("date") for v in ["2024-2-9", " 2024-02-29 ", "2024", "2024-03", "2024-02-29 12:00", "2024-02-29T23:59:59Z"]])),
    case("bad date", "select cast('2023-02-29' as date)", frame_of(lit("2023-02-29").cast("date"))),
    case("text to timestamp", "select cast('2024-02-29 12:34:56.7' as timestamp), cast('2024-02-29' as timestamp), cast('2024-02-29T01:02:03+02:00' as timestamp), cast('2024-02-29 1:2' as timestamp), timestamp '2024-02-29 00:00:00 America/New_York'",
         frame_of(*[lit(v).cast("timestamp") for v in ["2024-02-29 12:34:56.7", "2024-02-29", "2024-02-29T01:02:03+02:00", "2024-02-29 1:2"]], expr("timestamp '2024-02-29 00:00:00 America/New_York'"))),
    case("bad timestamp", "select cast('2024-02-29 25:00:00' as timestamp)", frame_of(lit("2024-02-29 25:00:00").cast("timestamp"))),
    case("dates and timestamps", "select k, cast(d as timestamp), cast(t as date), cast(d as string), cast(t as string), cast(t as bigint), cast(t as double) from days",
         lambda s: s.table("days").select("k", col("d").cast("timestamp"), col("t").cast("date"), col("d").cast("string"), col("t").cast("string"), col("t").cast("bigint"), col("t").cast("double"))),
    case("numbers to timestamp", "select cast(0 as timestamp), cast(1.5D as timestamp), cast(-1L as timestamp)",
         frame_of(lit(0).cast("timestamp"), lit(1.5).cast("timestamp"), expr("cast(-1L as timestamp)"))),
    case("no cast from date to int", "select cast(d as int) from days", lambda s: s.table("days").select(col("d").cast("int"))),
    case("no cast from int to date", "select cast(k as date) from days", lambda s: s.table("days").select(col("k").cast("date"))),
    case("unknown type", "select cast(1 as integr)", lambda s: s.range(1).select(expr("cast(1 as integr)"))),
    case("null of any type", "select cast(null as int), cast(null as date), cast(null as decimal(5,2)), null, cast(cast(null as string) as int)",
         frame_of(lit(None).cast("int"), lit(None).cast("date"), lit(None).cast("decimal(5,2)"), lit(None), lit(None).cast("string").cast("int"))),
    case("implicit from text", "select '5' + 1, '7' / 2, i + '1', '10' > 9, concat(1, 'a', 2.50, true) from nums where k = 1",
         lambda s: nums(s).where("k = 1").select(lit("5") + 1, lit("7") / 2, col("i") + "1", lit("10") > 9, expr("concat(1, 'a', 2.50, true)"))),
    case("text times text", "select '2' * '3'", frame_of(lit("2") * lit("3"))),
    case("implicit from bad text", "select 'x' + 1", frame_of(lit("x") + 1)),
]
