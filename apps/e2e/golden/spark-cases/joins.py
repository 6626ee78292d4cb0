from pyspark.sql.functions import col, count, lit

from support import case

emp = lambda s: s.table("emp")
dept = lambda s: s.table("dept")
e = lambda s: emp(s).alias("e")
d = lambda s: dept(s).alias("d")
on = lambda: col("e.dept") == col("d.id")
pair = ["e.name", "d.name"]

CASES = [
    case("inner", "select e.name, d.name from emp e join dept d on e.dept = d.id", lambda s: e(s).join(d(s), on()).select(*pair)),
    case("left", "select e.name, d.name from emp e left join dept d on e.dept = d.id", lambda s: e(s).join(d(s), on(), "left").select(*pair)),
    case("right", "select e.name, d.name from emp e right outer join dept d on e.dept = d.id", lambda s: e(s).join(d(s), on(), "right").select(*pair)),
    case("full", "select e.name, d.name from emp e full outer join dept d on e.dept = d.id", lambda s: e(s).join(d(s), on(), "full").select(*pair)),
    case("semi", "select * from emp e left semi join dept d on e.dept = d.id", lambda s: e(s).join(d(s), on(), "semi")),
    case("anti", "select * from emp e left anti join dept d on e.dept = d.id", lambda s: e(s).join(d(s), on(), "anti")),
    case("cross", "select e.id, d.id from emp e cross join dept d where e.id < 3", lambda s: e(s).crossJoin(d(s)).where("e.id < 3").select("e.id", "d.id")),
    case("comma and where", "select e.id, d.name from emp e, dept d where e.dept = d.id and e.id > 1", lambda s: e(s).join(d(s)).where("e.dept = d.id and e.id > 1").select("e.id", "d.name")),
    case("null does not match null", "select a.boss, b.boss from emp a join emp b on a.boss = b.boss where a.id < b.id", lambda s: emp(s).alias("a").join(emp(s).alias("b"), col("a.boss") == col("b.boss")).where("a.id < b.id").select("a.boss", "b.boss")),
    case("null-safe match", "select e.name, d.name from emp e join dept d on e.dept <=> d.id", lambda s: e(s).join(d(s), col("e.dept").eqNullSafe(col("d.id"))).select(*pair)),
    case("condition beside equality", "select e.name, d.name from emp e left join dept d on e.dept = d.id and e.salary > 3600", lambda s: e(s).join(d(s), on() & (col("e.salary") > 3600), "left").select(*pair)),
    case("full with a condition beside equality", "select e.name, d.name from emp e full join dept d on e.dept = d.id and d.name like 'S%'", lambda s: e(s).join(d(s), on() & col("d.name").like("S%"), "full").select(*pair)),
    case("inequality", "select a.id, b.id from emp a join emp b on a.salary < b.salary and a.id > 2", lambda s: emp(s).alias("a").join(emp(s).alias("b"), (col("a.salary") < col("b.salary")) & (col("a.id") > 2)).select("a.id", "b.id")),
    case("left with inequality only", "select a.id, b.id from emp a left join emp b on a.salary < b.salary", lambda s: emp(s).alias("a").join(emp(s).alias("b"), col("a.salary") < col("b.salary"), "left").select("a.id", "b.id")),
    case("full with inequality only", "select e.id, d.id from emp e full join dept d on e.id * 10 > d.id + 25", lambda s: e(s).join(d(s), col("e.id") * 10 > col("d.id") + 25, "full").select("e.id", "d.id")),
    case("anti with inequality only", "select a.id from emp a left anti join emp b on a.salary < b.salary", lambda s: emp(s).alias("a").join(emp(s).alias("b"), col("a.salary") < col("b.salary"), "anti").select("a.id")),
    case("a condition of one side in an outer join", "select e.id, d.id from emp e left join dept d on e.id = 1", lambda s: e(s).join(d(s), col("e.id") == 1, "left").select("e.id", "d.id")),
    case("false condition", "select e.id, d.id from emp e full join dept d on false", lambda s: e(s).join(d(s), lit(False), "full").select("e.id", "d.id")),
    case("keys of different types", "select e.id, x.k from emp e join (select cast(id as bigint) as k from emp) x on e.id = x.k", lambda s: e(s).join(emp(s).selectExpr("cast(id as bigint) as k").alias("x"), col("e.id") == col("x.k")).select("e.id", "x.k")),
    case("keys of decimal and int", "select e.id from emp e join (select cast(id as decimal(5,2)) as k from emp where id < 3) x on e.id = x.k", lambda s: e(s).join(emp(s).where("id < 3").selectExpr("cast(id as decimal(5,2)) as k").alias("x"), col("e.id") == col("x.k")).select("e.id")),
    case("three tables and a self join", "select e.name, b.name, d.name from emp e left join emp b on e.boss = b.id left join dept d on b.dept = d.id",
         lambda s: e(s).join(emp(s).alias("b"), col("e.boss") == col("b.id"), "left").join(d(s), col("b.dept") == col("d.id"), "left").select("e.name", "b.name", "d.name")),
    case("an outer join under a filter", "select e.id from emp e left join dept d on e.dept = d.id where d.id is null", lambda s: e(s).join(d(s), on(), "left").where("d.id is null").select("e.id")),
    case("an aggregate over an outer join", "select d.name, count(e.id), sum(e.salary) from dept d left join emp e on e.dept = d.id group by d.name", lambda s: d(s).join(e(s), on(), "left").groupBy("d.name").agg({"e.id": "count", "e.salary": "sum"})),
    case("broadcast hint", "select /*+ broadcast(d) */ e.name, d.name from emp e join dept d on e.dept = d.id", lambda s: e(s).join(d(s).hint("broadcast"), on()).select(*pair)),
    case("merge hint", "select /*+ merge(d) */ e.name, d.name from emp e full join dept d on e.dept = d.id", lambda s: e(s).join(d(s).hint("merge"), on(), "full").select(*pair)),
    case("columns of frames with the same names", "select emp.name, dept.name from emp join dept on emp.dept = dept.id",
         lambda s: (lambda a, b: a.join(b, a["dept"] == b["id"]).select(a["name"], b["name"]))(emp(s), dept(s))),
    case("lateral", "select e.id, x.n from emp e, lateral (select count(*) as n from emp b where b.boss = e.id) x", None),
    case("condition that is not boolean", "select e.id from emp e join dept d on e.id + d.id", lambda s: e(s).join(d(s), col("e.id") + col("d.id")).select("e.id")),
    case("aggregate in the condition", "select e.id from emp e join dept d on count(e.id) = d.id", lambda s: e(s).join(d(s), col("d.id") == count("e.id")).select("e.id")),
    case("filter of equal keys over a null-safe join", "select a.x, b.x as y from la a join lb b on a.x <=> b.x where a.x = b.x", None),
    case("alternatives over a null-safe join", "select a.x, b.x as y from la a join lb b on a.x <=> b.x where a.x = b.x or b.x > 100", None),
]
