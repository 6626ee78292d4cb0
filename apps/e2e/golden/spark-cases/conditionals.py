from pyspark.sql.functions import coalesce, col, expr, ifnull, lit, nullif, nvl, nvl2, when

from support import case

nums = lambda s: s.table("nums")
emp = lambda s: s.table("emp")

CASES = [
    case("case when", "select k, case when k < 2 then 'low' when k < 4 then 'mid' else 'high' end, case when i > 0 then 1 end from nums",
         lambda s: nums(s).select("k", when(col("k") < 2, "low").when(col("k") < 4, "mid").otherwise("high"), when(col("i") > 0, 1))),
    case("case of a value", "select case k when 1 then 'one' when 2 then 'two' end, case i when null then 'null' else 'other' end from nums",
         lambda s: nums(s).select(expr("case k when 1 then 'one' when 2 then 'two' end"), expr("case i when null then 'null' else 'other' end"))),
    case("branches take one type", "select case when k = 1 then 1 else 2.5 end, case when k = 1 then 1 else 2.5D end, case when k = 1 then k else b end, case when k = 1 then date '2024-01-01' else timestamp '2024-01-01 10:00:00' end, case when k = 1 then null else m end from nums",
         lambda s: nums(s).select(when(col("k") == 1, 1).otherwise(expr("2.5")), when(col("k") == 1, 1).otherwise(2.5), when(col("k") == 1, col("k")).otherwise(col("b")),
                                  when(col("k") == 1, expr("date '2024-01-01'")).otherwise(expr("timestamp '2024-01-01 10:00:00'")), when(col("k") == 1, lit(None)).otherwise(col("m")))),
    case("branches of text and number", "select case when k = 1 then '7' else 1 end from nums", lambda s: nums(s).select(when(col("k") == 1, "7").otherwise(1))),
    case("branches of bad text and number", "select case when k = 1 then 'x' else 1 end from nums", lambda s: nums(s).select(when(col("k") == 1, "x").otherwise(1))),
    case("branches of date and number", "select case when k = 1 then date '2024-01-01' else 1 end from nums", lambda s: nums(s).select(when(col("k") == 1, expr("date '2024-01-01'")).otherwise(1))),
    case("only the branch taken is computed", "select k, case when i <> 0 then 14 / i else 0 end, if(i = 0, null, 1 % i), coalesce(k, 1 / 0) from nums",
         lambda s: nums(s).select("k", when(col("i") != 0, lit(14) / col("i")).otherwise(0), expr("if(i = 0, null, 1 % i)"), coalesce(col("k"), lit(1) / 0))),
    case("a condition must be boolean", "select case when k then 1 end from nums", lambda s: nums(s).select(when(col("k"), 1))),
    case("if", "select if(k > 2, 'a', 'b'), if(i > 0, 1, 2L), if(null, 1, 2), if(k = 1, null, 'x') from nums", lambda s: nums(s).selectExpr("if(k > 2, 'a', 'b')", "if(i > 0, 1, 2L)", "if(null, 1, 2)", "if(k = 1, null, 'x')")),
    case("nvl and friends", "select k, nvl(i, -1), ifnull(i, 2.5), nvl2(i, 'some', 'none'), nullif(k, 4), nullif(i, 7), coalesce(i, b, k) from nums",
         lambda s: nums(s).select("k", nvl("i", lit(-1)), ifnull("i", expr("2.5")), nvl2("i", lit("some"), lit("none")), nullif("k", lit(4)), nullif("i", lit(7)), coalesce("i", "b", "k"))),
    case("coalesce of text and number", "select coalesce(w, k) from words where k = 4", lambda s: s.table("words").where("k = 4").select(coalesce("w", "k"))),
    case("nullif compares after widening", "select nullif(1, 1.0), nullif('a', 'A'), nullif(null, 1), nullif(1, null)", lambda s: s.range(1).selectExpr("nullif(1, 1.0)", "nullif('a', 'A')", "nullif(null, 1)", "nullif(1, null)")),
    case("decode and other words", "select decode(k, 1, 'one', 2, 'two', 'many'), k = 1 or i is null, not (k = 1), equal_null(i, null), isnull(i), isnotnull(i) from nums",
         lambda s: nums(s).selectExpr("decode(k, 1, 'one', 2, 'two', 'many')", "k = 1 or i is null", "not (k = 1)", "equal_null(i, null)", "isnull(i)", "isnotnull(i)")),
    case("is true, is distinct from", "select i > 0 is true, (i > 0) is not true, (i > 0) is unknown, i is distinct from 7, i is not distinct from null from nums",
         lambda s: nums(s).selectExpr("i > 0 is true", "(i > 0) is not true", "(i > 0) is unknown", "i is distinct from 7", "i is not distinct from null")),
    case("sum of a case", "select sum(case when dept = 10 then 1 else 0 end), count(case when salary > 3500 then 1 end), sum(if(boss is null, salary, 0)) from emp",
         lambda s: emp(s).selectExpr("sum(case when dept = 10 then 1 else 0 end)", "count(case when salary > 3500 then 1 end)", "sum(if(boss is null, salary, 0))")),
]
