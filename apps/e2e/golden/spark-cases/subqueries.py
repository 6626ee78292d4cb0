from pyspark.sql.functions import avg, col, exists, expr, lit, max, min

from support import case

emp = lambda s: s.table("emp")
dept = lambda s: s.table("dept")
la = lambda s: s.table("la")
lb = lambda s: s.table("lb")

CASES = [
    case("scalar", "select id, salary - (select avg(salary) from emp) from emp", lambda s: emp(s).select("id", col("salary") - emp(s).select(avg("salary")).scalar())),
    case("scalar in where", "select id from emp where salary = (select max(salary) from emp)", lambda s: emp(s).where(col("salary") == emp(s).agg(max("salary")).scalar()).select("id")),
    case("scalar of no rows is null", "select (select name from dept where id = 99) as n, (select max(id) from dept where false) is null as m",
         lambda s: s.range(1).select(dept(s).where("id = 99").select("name").scalar().alias("n"), dept(s).where("false").agg(max("id")).scalar().isNull().alias("m"))),
    case("scalar of two rows", "select (select name from dept)", lambda s: s.range(1).select(dept(s).select("name").scalar())),
    case("scalar of two columns", "select (select id, name from dept where id = 10)", lambda s: s.range(1).select(dept(s).where("id = 10").scalar())),
    case("correlated scalar", "select name, (select d.name from dept d where d.id = e.dept limit 1) as dn from emp e", None),
    case("correlated scalar aggregate", "select e.id, (select count(*) from emp b where b.boss = e.id) as n, (select max(b.salary) from emp b where b.boss = e.id) as m from emp e",
         lambda s: emp(s).alias("e").selectExpr("e.id", "(select count(*) from emp b where b.boss = e.id) as n", "(select max(b.salary) from emp b where b.boss = e.id) as m")),
    case("correlated scalar without aggregate", "select (select d.name from dept d where d.id = e.dept) from emp e", lambda s: emp(s).alias("e").selectExpr("(select d.name from dept d where d.id = e.dept)")),
    case("correlated scalar of two rows", "select (select b.name from emp b where b.dept = e.dept) from emp e", lambda s: emp(s).alias("e").selectExpr("(select b.name from emp b where b.dept = e.dept)")),
    case("correlated in where", "select id from emp e where salary > (select avg(salary) from emp b where b.dept = e.dept)", lambda s: emp(s).alias("e").where("salary > (select avg(salary) from emp b where b.dept = e.dept)").select("id")),
    case("exists", "select id from emp e where exists (select 1 from dept d where d.id = e.dept)", lambda s: emp(s).alias("e").where("exists (select 1 from dept d where d.id = e.dept)").select("id")),
    case("not exists", "select id from emp e where not exists (select 1 from dept d where d.id = e.dept)", lambda s: emp(s).alias("e").where("not exists (select 1 from dept d where d.id = e.dept)").select("id")),
    case("exists without correlation", "select id from emp where exists (select 1 from dept where id > 100) or id = 1", lambda s: emp(s).where(dept(s).where("id > 100").exists() | (col("id") == 1)).select("id")),
    case("exists as a value", "select id, exists (select 1 from emp b where b.boss = e.id) as leads from emp e", lambda s: emp(s).alias("e").selectExpr("id", "exists (select 1 from emp b where b.boss = e.id) as leads")),
    case("in", "select id from emp where dept in (select id from dept)", lambda s: emp(s).where(col("dept").isin(dept(s).select("id"))).select("id")),
    case("not in with null keeps no row", "select x from la where x not in (select x from lb)", lambda s: la(s).where(~col("x").isin(lb(s)))),
    case("not in without null drops null", "select x from la where x not in (select x from lb where x is not null)", lambda s: la(s).where(~col("x").isin(lb(s).where("x is not null")))),
    case("not in of no rows keeps all", "select x from la where x not in (select x from lb where false)", lambda s: la(s).where(~col("x").isin(lb(s).where("false")))),
    case("in as a value", "select x, x in (select x from lb) as i, x not in (select x from lb) as n from la", lambda s: la(s).select("x", col("x").isin(lb(s)).alias("i"), (~col("x").isin(lb(s))).alias("n"))),
    case("correlated in", "select id from emp e where salary in (select max(salary) from emp b where b.dept = e.dept)", lambda s: emp(s).alias("e").where("salary in (select max(salary) from emp b where b.dept = e.dept)").select("id")),
    case("in of two columns", "select id from emp where (dept, boss) in (select dept, boss from emp where id = 2)", lambda s: emp(s).where("(dept, boss) in (select dept, boss from emp where id = 2)").select("id")),
    case("not in of two columns", "select id from emp where (dept, boss) not in (select dept, boss from emp where id < 3)", lambda s: emp(s).where("(dept, boss) not in (select dept, boss from emp where id < 3)").select("id")),
    case("in of different types", "select k from nums where i in (select m + 0.00 from nums union all select 7)", lambda s: s.table("nums").where("i in (select m + 0.00 from nums union all select 7)").select("k")),
    case("in of two columns where one is wanted", "select id from emp where dept in (select id, name from dept)", lambda s: emp(s).where(col("dept").isin(dept(s))).select("id")),
    case("in under or", "select id from emp where dept in (select id from dept where name = 'Sales') or boss is null or salary < 2000", lambda s: emp(s).where(col("dept").isin(dept(s).where("name = 'Sales'").select("id")) | col("boss").isNull() | (col("salary") < 2000)).select("id")),
    case("subquery in having", "select dept, sum(salary) from emp group by dept having sum(salary) > (select avg(salary) * 2 from emp)", lambda s: emp(s).groupBy("dept").agg(expr("sum(salary)")).where("`sum(salary)` > (select avg(salary) * 2 from emp)")),
    case("subquery in order by and case", "select id, case when dept = (select min(id) from dept) then 'first' else 'other' end as c from emp order by id", lambda s: emp(s).select("id", expr("case when dept = (select min(id) from dept) then 'first' else 'other' end as c")).orderBy("id"), ordered=True),
    case("nested subqueries", "select id from emp where dept in (select id from dept where name in (select name from dept where id = 20))", lambda s: emp(s).where(col("dept").isin(dept(s).where("name in (select name from dept where id = 20)").select("id"))).select("id")),
    case("with", "with a as (select dept, count(*) as n from emp group by dept), b as (select max(n) as m from a) select a.dept from a, b where a.n = b.m",
         lambda s: (lambda a: a.crossJoin(a.agg(max("n").alias("m"))).where("n = m").select("dept"))(emp(s).groupBy("dept").agg(expr("count(*) as n")))),
    case("with of column names", "with a(x, y) as (select id, name from dept) select y from a where x > 10", lambda s: dept(s).toDF("x", "y").where("x > 10").select("y")),
    case("with hides a view", "with emp as (select 1 as one) select * from emp", lambda s: s.range(1).select(lit(1).alias("one"))),
    case("subquery in from with alias of columns", "select q.b from (select id, name from dept) as q(a, b) where q.a = 20", lambda s: dept(s).toDF("a", "b").alias("q").where("q.a = 20").select("q.b")),
    case("unknown column in a correlated subquery", "select id from emp e where exists (select 1 from dept d where d.id = e.nope)", lambda s: emp(s).alias("e").where("exists (select 1 from dept d where d.id = e.nope)").select("id")),
    case("correlated scalar of an unmatched second row", "select id, (select b.x from (values (10, 'a'), (77, 'b'), (77, 'c')) as b(k, x) where b.k = e.dept) as x from emp e", None),
    case("correlated scalar of the first in an order", "select d.id, (select e.name from emp e where e.dept = d.id order by e.salary desc, e.id limit 1) as best from dept d", None),
    case("correlated scalar of two rows in where", "select id from emp e where (select b.id from emp b where b.dept = e.dept) = 1", None),
    case("lateral", "select d.id, l.name from dept d, lateral (select e.name from emp e where e.dept = d.id) l", None),
    case("left join lateral", "select d.id, l.name from dept d left join lateral (select e.name from emp e where e.dept = d.id) l", None),
    case("lateral aggregate", "select d.id, l.n, l.s from dept d, lateral (select count(*) as n, sum(e.salary) as s from emp e where e.dept = d.id) l", None),
    case("lateral columns of the row", "select id, l.twice, m.more from dept, lateral (select id * 2 as twice) l, lateral (select twice + id as more) m", None),
]
