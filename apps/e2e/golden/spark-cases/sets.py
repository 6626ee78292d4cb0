from pyspark.sql.functions import col, expr, lit

from support import case

la = lambda s: s.table("la")
lb = lambda s: s.table("lb")
emp = lambda s: s.table("emp")
nums = lambda s: s.table("nums")

CASES = [
    case("union all keeps duplicates", "select x from la union all select x from lb", lambda s: la(s).union(lb(s))),
    case("union removes duplicates and counts null once", "select x from la union select x from lb", lambda s: la(s).union(lb(s)).distinct()),
    case("intersect", "select x from la intersect select x from lb", lambda s: la(s).intersect(lb(s))),
    case("intersect all", "select x from la intersect all select x from lb", lambda s: la(s).intersectAll(lb(s))),
    case("except", "select x from la except select x from lb", lambda s: la(s).subtract(lb(s))),
    case("except all", "select x from la except all select x from lb", lambda s: la(s).exceptAll(lb(s))),
    case("minus is except", "select x from lb minus select x from la", lambda s: lb(s).subtract(la(s))),
    case("except of several columns", "select id, name from dept except select 10, 'Sales'", lambda s: s.table("dept").subtract(s.range(1).select(lit(10), lit("Sales")))),
    case("types widen", "select i, s, m, f, i from nums where k = 1 union all select b, i, d, d, m from nums where k = 2",
         lambda s: nums(s).where("k = 1").select("i", "s", "m", "f", "i").union(nums(s).where("k = 2").select("b", "i", "d", "d", "m"))),
    case("decimals widen", "select cast(1.5 as decimal(5,1)) as a union all select cast(2.25 as decimal(10,4)) union all select 3", lambda s: s.range(1).select(expr("cast(1.5 as decimal(5,1))").alias("a")).union(s.range(1).select(expr("cast(2.25 as decimal(10,4))"))).union(s.range(1).select(lit(3)))),
    case("null takes the other's type", "select null as a union all select 1 union all select 2.5", lambda s: s.range(1).select(lit(None).alias("a")).union(s.range(1).select(lit(1))).union(s.range(1).select(expr("2.5")))),
    case("date and timestamp", "select d from days where k = 1 union all select t from days where k = 2", lambda s: s.table("days").where("k = 1").select("d").union(s.table("days").where("k = 2").select("t"))),
    case("text and number", "select 'a' as v union all select 1", lambda s: s.range(1).select(lit("a").alias("v")).union(s.range(1).select(lit(1)))),
    case("text of a number and number", "select '5' as v union all select 1", lambda s: s.range(1).select(lit("5").alias("v")).union(s.range(1).select(lit(1)))),
    case("types that do not go together", "select true as v union all select 1", lambda s: s.range(1).select(lit(True).alias("v")).union(s.range(1).select(lit(1)))),
    case("different numbers of columns", "select id, name from emp union all select id from dept", lambda s: emp(s).select("id", "name").union(s.table("dept").select("id"))),
    case("names come from the first", "select id as a, name as b from dept union all select id as c, name as d from emp where id = 1", lambda s: s.table("dept").toDF("a", "b").union(emp(s).where("id = 1").selectExpr("id as c", "name as d"))),
    case("union by name", "select 1 as a, 'x' as b union all select a, b from (select 'y' as B, 2 as a)", lambda s: s.range(1).select(lit(1).alias("a"), lit("x").alias("b")).unionByName(s.range(1).select(lit("y").alias("B"), lit(2).alias("a")))),
    case("union by name without a column", "select id, name from dept union all select id, name from (select id from emp where id = 1)", lambda s: s.table("dept").unionByName(emp(s).where("id = 1").select("id"))),
    case("union by name with missing columns", "select id as a, 1 as b from emp where id = 1 union all select null, 1 as b from emp where id = 1",
         lambda s: emp(s).where("id = 1").select(col("id").alias("a"), lit(1).alias("b")).unionByName(emp(s).where("id = 1").select(lit(1).alias("b")), allowMissingColumns=True)),
    case("intersect binds closer", "select 1 as a union all select 2 intersect select 3", lambda s: s.range(1).select(lit(1).alias("a")).union(s.range(1).select(lit(2)).intersect(s.range(1).select(lit(3))))),
    case("parentheses", "(select 1 as a union all select 2) except (select 2)", lambda s: s.range(1).select(lit(1).alias("a")).union(s.range(1).select(lit(2))).subtract(s.range(1).select(lit(2)))),
    case("distinct rows", "select distinct dept, boss is null from emp", lambda s: emp(s).select("dept", col("boss").isNull()).distinct()),
    case("duplicates by a column", "select dept, count(*) as n from (select distinct dept, boss from emp) group by dept", lambda s: emp(s).select("dept", "boss").dropDuplicates(["dept", "boss"]).groupBy("dept").agg(expr("count(*) as n"))),
    case("NaN and zeros in except", "select d from reals except select double('NaN')", lambda s: s.table("reals").select("d").subtract(s.range(1).select(expr("double('NaN')")))),
    case("arrays in intersect", "select split(w, '_') as a from words intersect select split('a_b%c', '_')", lambda s: s.table("words").select(expr("split(w, '_')").alias("a")).intersect(s.range(1).select(expr("split('a_b%c', '_')")))),
    case("union all of groups and rows of the query", "select dept as d from emp group by dept union all select id from dept union all select 7", None),
    case("union all of rows of the query and groups", "select 7 as d union all select dept from emp group by dept union all select 8 union all select count(*) from emp", None),
    case("union all of a join with an aggregate", "select e.id from emp e where e.salary > (select avg(b.salary) from emp b where b.dept = e.dept) union all select x from la", None),
    case("except all of constant columns", "select 1 as a, dept as b from emp except all select 1, id from dept", None),
    case("intersect all of constant columns", "select 1 as a, x as b from la intersect all select 1, x from lb", None),
]
