from pyspark.sql import Window
from pyspark.sql.functions import (
    avg, col, collect_list, count, cume_dist, dense_rank, desc, expr, first, lag, last, lead, lit, max, min, nth_value, ntile, percent_rank, rank, row_number, sum,
)

from support import case

emp = lambda s: s.table("emp")
sales = lambda s: s.table("sales")
la = lambda s: s.table("la")
by_id = lambda: Window.orderBy("id")
in_dept = lambda: Window.partitionBy("dept").orderBy(col("salary").desc(), "id")

CASES = [
    case("row_number rank dense_rank", "select x, row_number() over (order by x), rank() over (order by x), dense_rank() over (order by x) from la",
         lambda s: la(s).select("x", row_number().over(Window.orderBy("x")), rank().over(Window.orderBy("x")), dense_rank().over(Window.orderBy("x")))),
    case("percent_rank cume_dist ntile", "select id, percent_rank() over (order by salary), cume_dist() over (order by salary), ntile(4) over (order by id) from emp",
         lambda s: emp(s).select("id", percent_rank().over(Window.orderBy("salary")), cume_dist().over(Window.orderBy("salary")), ntile(4).over(by_id()))),
    case("partitions", "select id, row_number() over (partition by dept order by salary desc, id) as n, sum(salary) over (partition by dept) as s from emp",
         lambda s: emp(s).select("id", row_number().over(in_dept()).alias("n"), sum("salary").over(Window.partitionBy("dept")).alias("s"))),
    case("running sum counts peers", "select x, sum(x) over (order by x), count(*) over (order by x), sum(x) over (order by x desc) from la",
         lambda s: la(s).select("x", sum("x").over(Window.orderBy("x")), count("*").over(Window.orderBy("x")), sum("x").over(Window.orderBy(desc("x"))))),
    case("frame of rows", "select id, sum(id) over (order by id rows between 1 preceding and 1 following) as a, sum(id) over (order by id rows between unbounded preceding and current row) as b, sum(id) over (order by id rows between 2 preceding and 1 preceding) as c from emp",
         lambda s: emp(s).select("id", sum("id").over(by_id().rowsBetween(-1, 1)).alias("a"), sum("id").over(by_id().rowsBetween(Window.unboundedPreceding, 0)).alias("b"), sum("id").over(by_id().rowsBetween(-2, -1)).alias("c"))),
    case("frame of a range", "select x, sum(x) over (order by x range between 1 preceding and 1 following) as a, count(*) over (order by x range between current row and unbounded following) as b from la",
         lambda s: la(s).select("x", sum("x").over(Window.orderBy("x").rangeBetween(-1, 1)).alias("a"), count("*").over(Window.orderBy("x").rangeBetween(0, Window.unboundedFollowing)).alias("b"))),
    case("range of decimals, descending", "select id, count(*) over (order by salary desc range between 500 preceding and current row) as n from emp", lambda s: emp(s).selectExpr("id", "count(*) over (order by salary desc range between 500 preceding and current row) as n")),
    case("range of dates", "select k, count(*) over (order by d range between interval '31' day preceding and current row) as n from days", lambda s: s.table("days").selectExpr("k", "count(*) over (order by d range between interval '31' day preceding and current row) as n")),
    case("lag and lead", "select id, lag(name) over (order by id), lead(name, 2) over (order by id), lag(id, 1, -1) over (order by id), lead(boss, 1, 0) over (partition by dept order by id) from emp",
         lambda s: emp(s).select("id", lag("name").over(by_id()), lead("name", 2).over(by_id()), lag("id", 1, -1).over(by_id()), lead("boss", 1, 0).over(Window.partitionBy("dept").orderBy("id")))),
    case("lag that ignores nulls", "select id, lag(boss) ignore nulls over (order by id) as a, lead(dept) ignore nulls over (order by id) as b from emp", lambda s: emp(s).selectExpr("id", "lag(boss) ignore nulls over (order by id) as a", "lead(dept) ignore nulls over (order by id) as b")),
    case("first last nth", "select id, first_value(name) over (order by id) as f, last_value(name) over (order by id) as l, last_value(name) over (order by id rows between unbounded preceding and unbounded following) as ll, nth_value(name, 2) over (order by id) as n from emp",
         lambda s: emp(s).select("id", first("name").over(by_id()).alias("f"), last("name").over(by_id()).alias("l"), last("name").over(by_id().rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)).alias("ll"), nth_value("name", 2).over(by_id()).alias("n"))),
    case("first of not null", "select id, first_value(boss) ignore nulls over (order by id) as f, last(boss, true) over (order by id) as l from emp", lambda s: emp(s).select("id", first("boss", True).over(by_id()).alias("f"), last("boss", True).over(by_id()).alias("l"))),
    case("all rows when not ordered", "select id, sum(salary) over () as s, avg(salary) over (partition by dept) as a, max(name) over () as m from emp", lambda s: emp(s).select("id", sum("salary").over(Window.partitionBy()).alias("s"), avg("salary").over(Window.partitionBy("dept")).alias("a"), max("name").over(Window.partitionBy()).alias("m"))),
    case("over an aggregate", "select dept, sum(salary), rank() over (order by sum(salary) desc) as r, sum(sum(salary)) over () as t from emp group by dept",
         lambda s: emp(s).groupBy("dept").agg(sum("salary")).select("dept", "sum(salary)", rank().over(Window.orderBy(desc("sum(salary)"))).alias("r"), sum("sum(salary)").over(Window.partitionBy()).alias("t"))),
    case("named window", "select id, sum(id) over w, row_number() over v from emp window w as (partition by dept), v as (partition by dept order by name desc)", lambda s: emp(s).selectExpr("id", "sum(id) over (partition by dept)", "row_number() over (partition by dept order by name desc)")),
    case("filter by a window", "select name from (select name, row_number() over (partition by dept order by salary desc, id) as n from emp) where n = 1", lambda s: emp(s).withColumn("n", row_number().over(in_dept())).where("n = 1").select("name")),
    case("qualify", "select name from emp qualify row_number() over (partition by dept order by salary desc, id) = 1", None),
    case("arithmetic of windows", "select id, salary / sum(salary) over (partition by dept) as share, id - lag(id) over (order by id) as step from emp", lambda s: emp(s).select("id", (col("salary") / sum("salary").over(Window.partitionBy("dept"))).alias("share"), (col("id") - lag("id").over(by_id())).alias("step"))),
    case("ordered by two and by null place", "select id, row_number() over (order by dept desc nulls first, name) as n, rank() over (order by boss nulls last) as r from emp", lambda s: emp(s).select("id", row_number().over(Window.orderBy(col("dept").desc_nulls_first(), "name")).alias("n"), rank().over(Window.orderBy(col("boss").asc_nulls_last())).alias("r"))),
    case("by window in order by", "select id from emp order by row_number() over (order by name desc, id)", lambda s: emp(s).withColumn("n", row_number().over(Window.orderBy(desc("name"), "id"))).orderBy("n").select("id"), ordered=True),
    case("collected lists", "select id, collect_list(name) over (order by id rows between 1 preceding and current row) as l from emp", lambda s: emp(s).select("id", collect_list("name").over(by_id().rowsBetween(-1, 0)).alias("l"))),
    case("distinct in a window", "select count(distinct dept) over () from emp", lambda s: emp(s).select(expr("count(distinct dept) over ()"))),
    case("rank without order", "select rank() over () from emp", lambda s: emp(s).select(rank().over(Window.partitionBy()))),
    case("window in where", "select id from emp where row_number() over (order by id) = 1", lambda s: emp(s).where(row_number().over(by_id()) == 1).select("id")),
    case("row_number without window", "select row_number() from emp", lambda s: emp(s).select(row_number())),
    case("wrong frame", "select sum(id) over (order by id rows between 1 following and 1 preceding) from emp", lambda s: emp(s).select(sum("id").over(by_id().rowsBetween(1, -1)))),
    case("range of two keys", "select sum(id) over (order by id, name range between 1 preceding and current row) from emp", lambda s: emp(s).select(sum("id").over(Window.orderBy("id", "name").rangeBetween(-1, 0)))),
    case("nth that ignores nulls", "select id, nth_value(boss, 2) ignore nulls over (order by id) as n, lag(boss, 2, -1) ignore nulls over (order by id) as a, lead(boss, 1, -1) ignore nulls over (order by id) as b from emp", None),
    case("qualify by an alias", "select id, row_number() over (order by id desc) as r from emp qualify r < 3", None),
    case("qualify without a window", "select id from emp qualify id = 1", None),
    case("partition by a column that a filter fixes", "select id, row_number() over (partition by dept order by id) as n, sum(id) over (partition by dept, name order by id rows 1 preceding) as s from emp where dept = 10", None),
    case("partitions of joined keys", "select e.id, row_number() over (partition by e.dept, d.id order by e.id) as n, count(*) over (partition by d.id) as c from emp e join dept d on e.dept = d.id", None),
    case("first and last that ignore nulls in a frame", "select id, first_value(boss) ignore nulls over (order by id desc rows between 1 preceding and 1 following) as f, last_value(boss) ignore nulls over (order by id desc rows between 1 preceding and 1 following) as l, last(dept, true) over (order by id rows between unbounded preceding and 1 preceding) as p from emp", None),
]
