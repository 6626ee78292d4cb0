from pyspark.sql.functions import avg, call_function, coalesce, col, expr, lit, round, sum

from support import case

ONE = "select cast('12345678901234567890.123456789012345678' as decimal(38,18)) as a, cast('9876543210.12' as decimal(12,2)) as b, cast('0.003' as decimal(4,3)) as c"
one = lambda s: s.sql(ONE)
nums = lambda s: s.table("nums")

CASES = [
    case(
        "types of sums and differences",
        f"select b + c, b - c, a + b, a - c, b + 1, c - 1L, b + b from ({ONE})",
        lambda s: one(s).select(col("b") + col("c"), col("b") - col("c"), col("a") + col("b"), col("a") - col("c"), col("b") + 1, col("c") - expr("1L"), col("b") + col("b")),
    ),
    case(
        "types of products",
        f"select b * c, b * b, a * c, a * b, c * c * c, b * 2 from ({ONE})",
        lambda s: one(s).select(col("b") * col("c"), col("b") * col("b"), col("a") * col("c"), col("a") * col("b"), col("c") * col("c") * col("c"), col("b") * 2),
    ),
    case(
        "types of quotients",
        f"select b / c, c / b, a / c, a / b, b / 3, 1 / b, b / 7.0 from ({ONE})",
        lambda s: one(s).select(col("b") / col("c"), col("c") / col("b"), col("a") / col("c"), col("a") / col("b"), col("b") / 3, lit(1) / col("b"), col("b") / expr("7.0")),
    ),
    case(
        "remainders and div",
        f"select b % c, a % b, b % 7, c % b, a div b, b div 2.5 from ({ONE})",
        lambda s: one(s).select(col("b") % col("c"), col("a") % col("b"), col("b") % 7, col("c") % col("b"), expr("a div b"), expr("b div 2.5")),
    ),
    case("product loses digits rather than fail", f"select a * cast(1.0000000000000000001 as decimal(38,19)) from ({ONE})",
         lambda s: one(s).select(col("a") * lit("1.0000000000000000001").cast("decimal(38,19)"))),
    case("product overflow", f"select a * a from ({ONE})", lambda s: one(s).select(col("a") * col("a"))),
    case("sum of two overflows", "select m + 1 from limits", lambda s: s.table("limits").select(col("m") + 1)),
    case("aggregate overflows", "select sum(m) from (select m from limits union all select m from limits)",
         lambda s: s.table("limits").select("m").union(s.table("limits").select("m")).agg(sum("m"))),
    case("with double is double", f"select b + 1.5D, c * 2E0, b / cast(3 as float), a = 1.5D from ({ONE})",
         lambda s: one(s).select(col("b") + 1.5, col("c") * expr("2E0"), col("b") / lit(3).cast("float"), col("a") == 1.5)),
    case("literals", "select 1.5, 1.50, 0.1, .5, 100., 1e2, 1.5BD, 12345678901234567890, 1.5 + 1, 0.1 + 0.2",
         lambda s: s.range(1).select(*[expr(e) for e in ["1.5", "1.50", "0.1", ".5", "100.", "1e2", "1.5BD", "12345678901234567890", "1.5 + 1", "0.1 + 0.2"]])),
    case("sum and avg", "select sum(m), avg(m), sum(m * 2), avg(m / 3), sum(i), avg(i), sum(d), avg(t) from nums",
         lambda s: nums(s).agg(sum("m"), avg("m"), sum(col("m") * 2), avg(col("m") / 3), sum("i"), avg("i"), sum("d"), avg("t"))),
    case("sum and avg of nothing", "select sum(m), avg(m), sum(i), avg(i), count(m), sum(d), min(m) from nums where k > 100",
         lambda s: nums(s).where("k > 100").selectExpr("sum(m)", "avg(m)", "sum(i)", "avg(i)", "count(m)", "sum(d)", "min(m)")),
    case("avg rounds half up", "select avg(x), sum(x) from values (1.00), (0.01), (0.01) as v(x)",
         lambda s: s.sql("select * from values (1.00), (0.01), (0.01) as v(x)").agg(avg("x"), sum("x"))),
    case(
        "rounding",
        "select round(2.345, 2), round(-2.345, 2), round(2.5), round(1234.5, -2), bround(2.345, 2), ceil(2.1), floor(-2.1), round(9.99, 1)",
        lambda s: s.range(1).select(round(expr("2.345"), 2), round(expr("-2.345"), 2), round(expr("2.5")), round(expr("1234.5"), -2),
                                    expr("bround(2.345, 2)"), expr("ceil(2.1)"), expr("floor(-2.1)"), round(expr("9.99"), 1)),
    ),
    case("one type for coalesce, case and union", "select coalesce(m, 1.125), case when k = 1 then m else 2 end, nvl(m, 5L) from nums order by k",
         lambda s: nums(s).orderBy("k").select(coalesce("m", expr("1.125")), expr("case when k = 1 then m else 2 end"), expr("nvl(m, 5L)")), ordered=True),
    case("negative and zero", "select -m, abs(m), m * 0, m - m, sign(m) from nums where k = 2",
         lambda s: nums(s).where("k = 2").select(-col("m"), expr("abs(m)"), col("m") * 0, col("m") - col("m"), expr("sign(m)"))),
    case("try_add of decimals", "select try_add(m, 1), try_multiply(m, 10), try_divide(m, 0) from limits",
         lambda s: s.table("limits").select(call_function("try_add", col("m"), lit(1)), call_function("try_multiply", col("m"), lit(10)), call_function("try_divide", col("m"), lit(0)))),
]
