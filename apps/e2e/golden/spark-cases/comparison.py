from pyspark.sql.functions import asc_nulls_last, coalesce, col, count, count_distinct, desc, expr, isnan, lit, max, min, nanvl

from support import case

nums = lambda s: s.table("nums")
words = lambda s: s.table("words")
reals = lambda s: s.table("reals")
la = lambda s: s.table("la")
one = lambda s: s.range(1)


def frame_of(*expressions):
    return lambda s: one(s).select(*[expr(e) if isinstance(e, str) else e for e in expressions])


CASES = [
    case("equality with null", "select x, x = 1, x <> 1, x = null, x <=> null, x <=> 1, not x <=> 1, x is null, x is not null from la",
         lambda s: la(s).select("x", col("x") == 1, col("x") != 1, col("x") == lit(None), col("x").eqNullSafe(lit(None)), col("x").eqNullSafe(1),
                                ~col("x").eqNullSafe(1), col("x").isNull(), col("x").isNotNull())),
    case("three-valued logic", "select null and true, null and false, null or true, null or false, not null, true and not false",
         frame_of(lit(None).cast("boolean") & lit(True), lit(None).cast("boolean") & lit(False), lit(None).cast("boolean") | lit(True), lit(None).cast("boolean") | lit(False),
                  ~lit(None).cast("boolean"), lit(True) & ~lit(False))),
    case("a filter drops null", "select x from la where x <> 1", lambda s: la(s).where(col("x") != 1)),
    case("a filter of not drops null", "select x from la where not (x = 1 or x = 3)", lambda s: la(s).where(~((col("x") == 1) | (col("x") == 3)))),
    case("in with null", "select x, x in (1, null), x not in (1, null), x in (1, 2), null in (1) from la",
         lambda s: la(s).select("x", col("x").isin(1, None), ~col("x").isin(1, None), col("x").isin(1, 2), lit(None).cast("int").isin(1))),
    case("not in with null keeps no row", "select x from la where x not in (1, null)", lambda s: la(s).where(~col("x").isin(1, None))),
    case("between", "select x, x between 1 and 2, x not between 1 and 2, x between null and 0, 2 between 3 and 1 from la",
         lambda s: la(s).select("x", col("x").between(1, 2), ~col("x").between(1, 2), col("x").between(lit(None), 0), lit(2).between(3, 1))),
    case("int with decimal and double", "select 1 = 1.0, 1 = 1.0D, 1.0 = 1.0D, 0.1 + 0.2 = 0.3, 0.1D + 0.2D = 0.3D, 0.1F = 0.1D, 9007199254740993L = 9007199254740992D, 1.10 = 1.1, 3 > 2.99",
         frame_of("1 = 1.0", "1 = 1.0D", "1.0 = 1.0D", "0.1 + 0.2 = 0.3", "0.1D + 0.2D = 0.3D", "0.1F = 0.1D", "9007199254740993L = 9007199254740992D", "1.10 = 1.1", "3 > 2.99")),
    case("int with text", "select i = '7', i < '10', i in ('7', '8'), '7' = 7.0, '1' = true from nums",
         lambda s: nums(s).select(col("i") == "7", col("i") < "10", col("i").isin("7", "8"), lit("7") == expr("7.0"), lit("1") == lit(True))),
    case("int with bad text", "select k = w from words", lambda s: words(s).select(col("k") == col("w"))),
    case("boolean with int", "select true = k from nums", lambda s: nums(s).select(lit(True) == col("k"))),
    case("date with text", "select d, d = '2024-01-31', d > '2024-01-01', d between '2023' and '2024-02-01', d <= timestamp '2024-01-31 00:00:00' from days",
         lambda s: s.table("days").select("d", col("d") == "2024-01-31", col("d") > "2024-01-01", col("d").between("2023", "2024-02-01"), col("d") <= expr("timestamp '2024-01-31 00:00:00'"))),
    case("date with bad text", "select d = 'soon' from days", lambda s: s.table("days").select(col("d") == "soon")),
    case("date with int", "select d = 1 from days", lambda s: s.table("days").select(col("d") == 1)),
    case("text compares by bytes", "select 'a' < 'B', 'Z' < 'a', 'é' > 'z', '' < 'a', 'a' = 'a ', '10' < '9'",
         frame_of("'a' < 'B'", "'Z' < 'a'", "'é' > 'z'", "'' < 'a'", "'a' = 'a '", "'10' < '9'")),
    case("NaN equals NaN and is greatest", "select k, d = d, d > 1e300D, d = double('NaN'), d < double('NaN'), isnan(d), nanvl(d, 0D), d <=> d from reals",
         lambda s: reals(s).select("k", col("d") == col("d"), col("d") > expr("1e300D"), col("d") == expr("double('NaN')"), col("d") < expr("double('NaN')"),
                                   isnan("d"), nanvl("d", expr("0D")), col("d").eqNullSafe(col("d")))),
    case("NaN in order", "select k, d from reals where k not in (5, 8) order by d desc", lambda s: reals(s).where("k not in (5, 8)").orderBy(desc("d")), ordered=True),
    case("NaN in min and max", "select min(d), max(d), count(d), count(distinct d), greatest(1D, double('NaN')), least(1D, double('NaN')) from reals",
         lambda s: reals(s).agg(min("d"), max("d"), count("d"), count_distinct("d"), expr("greatest(1D, double('NaN'))"), expr("least(1D, double('NaN'))"))),
    case("NaN and zeros in groups", "select d, count(*) from reals group by d", lambda s: reals(s).groupBy("d").agg(count("*"))),
    case("zeros are equal", "select 0.0D = -0.0D, 0.0D <=> -0.0D, -0.0D < 0.0D, -0.0D, 0.0D in (-0.0D), 1 / -1e308D / 1e308D = 0",
         frame_of("0.0D = -0.0D", "0.0D <=> -0.0D", "-0.0D < 0.0D", "-0.0D", "0.0D in (-0.0D)", "1 / -1e308D / 1e308D = 0")),
    case("zeros and NaN in joins", "select a.k, b.k from reals a join reals b on a.d = b.d where a.k < b.k",
         lambda s: reals(s).alias("a").join(reals(s).alias("b"), col("a.d") == col("b.d")).where("a.k < b.k").select("a.k", "b.k")),
    case("zeros and NaN in distinct", "select distinct d from reals order by d nulls last", lambda s: reals(s).select("d").distinct().orderBy(asc_nulls_last("d")), ordered=True),
    case("coalesce and count", "select coalesce(null, x, 0), count(*) over () from la where x is null", lambda s: la(s).where("x is null").selectExpr("coalesce(null, x, 0)", "count(*) over ()")),
    case("count of a column leaves nulls out", "select count(*), count(1), count(x), count(distinct x), count(null), count(x, x + 1) from la",
         lambda s: la(s).agg(count("*"), count(lit(1)), count("x"), count_distinct("x"), count(lit(None)), expr("count(x, x + 1)"))),
    case("min and max of text", "select min(w), max(w), min(k), max(null) from words", lambda s: words(s).agg(min("w"), max("w"), min("k"), max(lit(None)))),
    case("greatest and least skip nulls", "select greatest(1, null, 3), least(null, 2, 1.5), greatest(null, null), coalesce(null, null)",
         frame_of("greatest(1, null, 3)", "least(null, 2, 1.5)", "greatest(null, null)", "coalesce(null, null)")),
    case("in of computed values", "select k, i + 0 in (-1, nullif(i, 0)) as a, concat(string(i), '') not in ('0', case when i > 0 then string(i) end) as b, k in (1 + 1, coalesce(i, k)) as c from nums", None),
]
