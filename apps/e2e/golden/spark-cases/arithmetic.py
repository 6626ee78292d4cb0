from pyspark.sql.functions import abs, call_function, col, expr, lit, negative, pmod, round, sign

from support import case

nums = lambda s: s.table("nums")
limits = lambda s: s.table("limits")

CASES = [
    case(
        "slash of integers is double",
        "select k, i / 2, b / s, t / t from nums where k < 3",
        lambda s: nums(s).where(col("k") < 3).select("k", col("i") / 2, col("b") / col("s"), col("t") / col("t")),
    ),
    case(
        "div is bigint and cuts towards zero",
        "select k, i div 2, -i div 2, s div t, m div 2 from nums where k < 3",
        lambda s: nums(s).where("k < 3").select("k", call_function("div", col("i"), lit(2)), call_function("div", -col("i"), lit(2)), expr("s div t"), expr("m div 2")),
    ),
    case(
        "remainder has the sign of the dividend",
        "select k, i % 4, -i % 4, d % 2, m % 2, b % s, mod(i, 5) from nums where k < 3",
        lambda s: nums(s).where("k < 3").select("k", col("i") % 4, -col("i") % 4, col("d") % 2, col("m") % 2, col("b") % col("s"), call_function("mod", col("i"), lit(5))),
    ),
    case(
        "pmod is not negative",
        "select k, pmod(i, 4), pmod(d, 2.0D), pmod(m, 3) from nums",
        lambda s: nums(s).select("k", pmod("i", lit(4)), pmod("d", expr("2.0D")), pmod("m", lit(3))),
    ),
    case(
        "types widen",
        "select t + s, s + i, i + b, b + f, f + d, i + f, m + i, m + f, t * 1, s - 1L from nums where k = 1",
        lambda s: nums(s).where("k = 1").select(
            col("t") + col("s"), col("s") + col("i"), col("i") + col("b"), col("b") + col("f"), col("f") + col("d"),
            col("i") + col("f"), col("m") + col("i"), col("m") + col("f"), col("t") * 1, col("s") - expr("1L"),
        ),
    ),
    case(
        "null operands give null",
        "select i + 1, null + i, i / null, -i, i % 0 from nums where k = 4",
        lambda s: nums(s).where("k = 4").select(col("i") + 1, lit(None) + col("i"), col("i") / lit(None), -col("i"), col("i") % 0),
    ),
    case("int overflow", "select i + 1 from limits", lambda s: limits(s).select(col("i") + 1)),
    case("int times int overflow", "select i * 2 from limits", lambda s: limits(s).select(col("i") * 2)),
    case("int overflow of a constant", "select 2147483647 + 1", lambda s: s.range(1).select(lit(2147483647) + 1)),
    case("bigint overflow", "select b * 2 from limits", lambda s: limits(s).select(col("b") * 2)),
    case("bigint minus overflow", "select -b - 2 from limits", lambda s: limits(s).select(-col("b") - 2)),
    case("smallint and tinyint overflow", "select s + s from limits", lambda s: limits(s).select(col("s") + col("s"))),
    case("tinyint overflow", "select t * t from limits", lambda s: limits(s).select(col("t") * col("t"))),
    case("minus of the least int", "select -(-i - 1) from limits", lambda s: limits(s).select(-(-col("i") - 1))),
    case("abs of the least int", "select abs(-i - 1) from limits", lambda s: limits(s).select(abs(-col("i") - 1))),
    case("double overflow is infinity", "select d * 10, -d * 10, d * 10 - d * 10 from limits",
         lambda s: limits(s).select(col("d") * 10, -col("d") * 10, col("d") * 10 - col("d") * 10)),
    case("sum of bigint overflows", "select sum(b) from (select b from limits union all select b from limits)",
         lambda s: limits(s).select("b").union(limits(s).select("b")).groupBy().sum("b")),
    case("slash by zero", "select i / z from limits", lambda s: limits(s).select(col("i") / col("z"))),
    case("slash by zero of a constant", "select 1 / 0", lambda s: s.range(1).select(lit(1) / 0)),
    case("double by zero", "select d / 0.0D from nums", lambda s: nums(s).select(col("d") / expr("0.0D"))),
    case("decimal by zero", "select m / 0 from nums", lambda s: nums(s).select(col("m") / 0)),
    case("div by zero", "select i div z from limits", lambda s: limits(s).select(expr("i div z"))),
    case("remainder by zero", "select i % z from limits", lambda s: limits(s).select(col("i") % col("z"))),
    case("least bigint div -1", "select (-b - 1) div -1 from limits", lambda s: limits(s).select(expr("(-b - 1) div -1"))),
    case(
        "try functions give null",
        "select try_divide(i, 0), try_add(i, 1), try_subtract(-i, 2), try_multiply(b, 2) from limits",
        lambda s: limits(s).select(
            call_function("try_divide", col("i"), lit(0)), call_function("try_add", col("i"), lit(1)),
            call_function("try_subtract", -col("i"), lit(2)), call_function("try_multiply", col("b"), lit(2)),
        ),
    ),
    case(
        "bits and shifts",
        "select k, i & 3, i | 8, i ^ 1, ~i, b & i, shiftleft(i, 2), shiftright(i, 1), shiftrightunsigned(i, 28), i << 1 from nums where k < 3",
        lambda s: nums(s).where("k < 3").select(
            "k", col("i").bitwiseAND(3), col("i").bitwiseOR(8), col("i").bitwiseXOR(1), expr("~i"), col("b").bitwiseAND(col("i")),
            expr("shiftleft(i, 2)"), expr("shiftright(i, 1)"), expr("shiftrightunsigned(i, 28)"), expr("i << 1"),
        ),
    ),
    case(
        "round abs sign negative",
        "select k, round(d), round(-2.5D), round(d, -1), round(i, -1), round(m, 1), abs(m), sign(i), negative(d), +i from nums",
        lambda s: nums(s).select(
            "k", round("d"), round(expr("-2.5D")), round("d", -1), round("i", -1), round("m", 1), abs("m"), sign("i"), negative("d"), expr("+i"),
        ),
    ),
    case(
        "ceil floor bround",
        "select k, ceil(d), floor(d), ceil(m), floor(m), ceil(i), bround(2.5D), bround(m, 1), bround(3.5D) from nums",
        lambda s: nums(s).select("k", expr("ceil(d)"), expr("floor(d)"), expr("ceil(m)"), expr("floor(m)"), expr("ceil(i)"), expr("bround(2.5D)"), expr("bround(m, 1)"), expr("bround(3.5D)")),
    ),
    case(
        "roots and logarithms",
        "select sqrt(16), sqrt(-1), ln(0), ln(-1), log10(1000), log2(8), pow(2, 10), exp(0), cbrt(27), log(2, 8), pi()",
        lambda s: s.range(1).select(*[expr(e) for e in ["sqrt(16)", "sqrt(-1)", "ln(0)", "ln(-1)", "log10(1000)", "log2(8)", "pow(2, 10)", "exp(0)", "cbrt(27)", "log(2, 8)", "pi()"]]),
    ),
    case("round to zero", "select round(-0.0D) as a, bround(-0.0D, 1) as b, round(-0.4D) as c, round(float(-0.04), 1) as d, rint(-0.4D) as e", None),
]
