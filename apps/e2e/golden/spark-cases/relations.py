from pyspark.sql.functions import col, expr, lit

from support import case

emp = lambda s: s.table("emp")

CASES = [
    case("values", "values (1, 'a'), (2, null), (null, 'c')", lambda s: s.createDataFrame([(1, "a"), (2, None), (None, "c")], "col1 int, col2 string")),
    case("values with names", "select b, a from values (1, 'x'), (2, 'y') as t(a, b)", lambda s: s.createDataFrame([(1, "x"), (2, "y")], "a int, b string").select("b", "a")),
    case("values take one type", "select * from values (1, 1.5, null), (2.25D, 2, 'x'), (3L, 3, 'y') as t(a, b, c)", None),
    case("values of expressions", "select * from values (1 + 1, upper('a')), (abs(-3), concat('b', 'c'))", None),
    case("values of unequal length", "values (1), (1, 2)", None),
    case("values of types that do not go together", "values (true), (1)", None),
    case("range", "select * from range(5)", lambda s: s.range(5)),
    case("range of three", "select id, id * 2 as d from range(10, 0, -3)", lambda s: s.range(10, 0, -3).select("id", (col("id") * 2).alias("d"))),
    case("range in four parts", "select count(*), sum(id), min(id), max(id) from range(1, 1000, 3, 4)", lambda s: s.range(1, 1000, 3, 4).selectExpr("count(*)", "sum(id)", "min(id)", "max(id)")),
    case("empty range", "select * from range(0)", lambda s: s.range(0)),
    case("range of wrong arguments", "select * from range()", None),
    case("select without from", "select 1 as one, 'x' as x, null as n, true, 2 > 1", lambda s: s.range(1).select(lit(1).alias("one"), lit("x").alias("x"), lit(None).alias("n"), lit(True), lit(2) > 1)),
    case("where without from", "select 1 as a where 1 = 2", lambda s: s.range(1).select(lit(1).alias("a")).where("1 = 2")),
    case("lateral alias of a column", "select id + 1 as a, a * 2 as b, b - a as c from emp where id < 3", lambda s: emp(s).where("id < 3").select((col("id") + 1).alias("a"), (col("a") * 2).alias("b"), (col("b") - col("a")).alias("c"))),
    case("a column wins over a lateral alias", "select id + 1 as id, id * 10 as x from emp where id < 3", lambda s: emp(s).where("id < 3").select((col("id") + 1).alias("id"), (col("id") * 10).alias("x"))),
    case("lateral alias of an aggregate", "select dept, sum(salary) as s, s / count(*) as a from emp group by dept", lambda s: emp(s).groupBy("dept").agg(expr("sum(salary)").alias("s"), (col("s") / expr("count(*)")).alias("a"))),
    case("star except", "select * except (salary, boss) from emp where id = 1", lambda s: emp(s).where("id = 1").drop("salary", "boss")),
    case("star except of an unknown column", "select * except (nope) from emp", None),
    case("count of star after a join", "select count(*) from emp, dept", lambda s: emp(s).crossJoin(s.table("dept")).selectExpr("count(*)")),
    case("a view of a view", "select * from (select * from (select id from emp where id < 4) where id > 1)", lambda s: emp(s).where("id < 4").where("id > 1").select("id")),
    case("aliases of a table", "select t.x from la as t where t.x = 3", lambda s: s.table("la").alias("t").where("t.x = 3").select("t.x")),
    case("local rows of many types", "select * from values (cast(1 as tinyint), 2.5F, cast('1.10' as decimal(5,2)), date '2024-01-01', true, X'CAFE') as v(a, b, c, d, e, f)",
         lambda s: s.createDataFrame([(1, 2.5, __import__("decimal").Decimal("1.10"), __import__("datetime").date(2024, 1, 1), True, bytearray(b"\xca\xfe"))], "a tinyint, b float, c decimal(5,2), d date, e boolean, f binary")),
    case("inferred local rows", "select * from values (1.5D, 'a', true), (2D, 'b', null) as v(x, y, z)", lambda s: s.createDataFrame([(1.5, "a", True), (2.0, "b", None)], ["x", "y", "z"])),
    case("no local rows", "select cast(id as int) as a, string(id) as b from range(0)", lambda s: s.createDataFrame([], "a int, b string")),
    case("repartition keeps the rows", "select /*+ repartition(3) */ id from emp", lambda s: emp(s).select("id").repartition(3)),
    case("coalesce and sort within partitions", "select id from emp sort by id desc", lambda s: emp(s).select("id").coalesce(1).sortWithinPartitions(col("id").desc())),
    case("distribute and cluster by", "select id from emp cluster by id", lambda s: emp(s).select("id").repartition(2, "id").sortWithinPartitions("id")),
    case("tablesample of all", "select count(*) from emp tablesample (100 percent)", lambda s: emp(s).sample(1.0, 7).selectExpr("count(*)")),
    case("inline table in a join", "select e.name, v.b from emp e join values (1, 'one'), (3, 'three') as v(a, b) on e.id = v.a", lambda s: emp(s).alias("e").join(s.createDataFrame([(1, "one"), (3, "three")], "a int, b string").alias("v"), expr("e.id = v.a")).select("e.name", "v.b")),
]
