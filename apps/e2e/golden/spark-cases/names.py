from pyspark.sql.functions import call_function, col, count, expr, lit, sum

from support import case

emp = lambda s: s.table("emp")
dept = lambda s: s.table("dept")

CASES = [
    case("case of names is as written", "select ID, Name as NAME, emp.iD, `id`, EMP.NAME from emp where Id = 1",
         lambda s: emp(s).where(col("Id") == 1).select("ID", col("Name").alias("NAME"), col("emp.iD"), col("`id`"), col("EMP.NAME"))),
    case("star and qualified star", "select *, e.*, e.id from emp e where id = 1", lambda s: emp(s).alias("e").where("id = 1").select("*", "e.*", "e.id")),
    case("names of expressions", "select id + 1, -id, id = 1 and true, not (id > 1), id in (1, 2), count(id) over (), cast(id as string), 'x', 1.50, null, id is null, case when id = 1 then 'a' end from emp where id = 1",
         lambda s: emp(s).where("id = 1").select(col("id") + 1, -col("id"), (col("id") == 1) & lit(True), ~(col("id") > 1), col("id").isin(1, 2), expr("count(id) over ()"), col("id").cast("string"), lit("x"), expr("1.50"), lit(None), col("id").isNull(), expr("case when id = 1 then 'a' end"))),
    case("names of function calls", "select upper(name), SUBSTRING(name, 1, 2), concat(name, '-', id), Coalesce(boss, 0), date_add(date '2024-01-01', id), if(id = 1, 'a', 'b') from emp where id = 1",
         lambda s: emp(s).where("id = 1").selectExpr("upper(name)", "SUBSTRING(name, 1, 2)", "concat(name, '-', id)", "Coalesce(boss, 0)", "date_add(date '2024-01-01', id)", "if(id = 1, 'a', 'b')")),
    case("names of aggregates", "select count(*), count(1), sum(id), sum(distinct id), avg(salary) + 1, max(name) as m, count(distinct dept, boss) from emp",
         lambda s: emp(s).selectExpr("count(*)", "count(1)", "sum(id)", "sum(distinct id)", "avg(salary) + 1", "max(name) as m", "count(distinct dept, boss)")),
    case("odd names", "select id as `a b`, id as `a.b`, id as `q``q`, id as `Ünï`, id as `1` from emp where id = 1",
         lambda s: emp(s).where("id = 1").select(col("id").alias("a b"), col("id").alias("a.b"), col("id").alias("q`q"), col("id").alias("Ünï"), col("id").alias("1"))),
    case("a dot in a name needs quotes", "select `a.b` + 1 from (select id as `a.b` from emp where id = 1)", lambda s: emp(s).where("id = 1").select(col("id").alias("a.b")).select(col("`a.b`") + 1)),
    case("duplicate output names", "select id, id, name as id, ID from emp where id = 1", lambda s: emp(s).where("id = 1").select("id", "id", col("name").alias("id"), "ID")),
    case("duplicate names cannot be told apart", "select id from (select id, name as id from emp)", lambda s: emp(s).select("id", col("name").alias("id")).select("id")),
    case("names in both sides of a join", "select id from emp join dept on emp.dept = dept.id", lambda s: emp(s).join(dept(s), col("emp.dept") == col("dept.id")).select("id")),
    case("qualified names in a join", "select emp.id, dept.id, dept.name from emp join dept on emp.dept = dept.id",
         lambda s: emp(s).join(dept(s), col("emp.dept") == col("dept.id")).select("emp.id", "dept.id", "dept.name")),
    case("an alias hides the name of the table", "select emp.id from emp e", lambda s: emp(s).alias("e").select("emp.id")),
    case("unknown column with suggestion", "select nam from emp", lambda s: emp(s).select("nam")),
    case("unknown column of no table", "select foo", lambda s: s.sql("select 1").select("foo")),
    case("unknown qualified column", "select emp.nope from emp", lambda s: emp(s).select("emp.nope")),
    case("unknown column in where", "select id from emp where nme = 'Bob'", lambda s: emp(s).where("nme = 'Bob'").select("id")),
    case("unknown column in order by", "select id from emp order by nope", lambda s: emp(s).select("id").orderBy("nope")),
    case("unknown table", "select * from employees", lambda s: s.table("employees")),
    case("unknown function", "select uper(name) from emp", lambda s: emp(s).select(call_function("uper", col("name")))),
    case("wrong number of arguments", "select upper(name, 1) from emp", lambda s: emp(s).select(call_function("upper", col("name"), lit(1)))),
    case("wrong type of argument", "select date_add(id, 1) from emp", lambda s: emp(s).select(expr("date_add(id, 1)"))),
    case("wrong types of operands", "select id and name from emp", lambda s: emp(s).select(col("id") & col("name"))),
    case("syntax error", "selec id from emp", lambda s: emp(s).select(expr("id +"))),
    case("unknown qualified star", "select x.* from emp", lambda s: emp(s).select("x.*")),
    case("renaming and dropping", "select id as ID2, name, salary from emp where id < 3",
         lambda s: emp(s).where("id < 3").withColumnRenamed("ID", "ID2").withColumnRenamed("nope", "x").drop("DEPT", "boss", "nope")),
    case("adding and replacing columns", "select upper(id) as ID, name, id + 1 as more from emp where id < 3",
         lambda s: emp(s).where("id < 3").select("id", "name").withColumns({"ID": expr("upper(id)"), "more": col("id") + 1})),
    case("toDF names all", "select id as a, name as b from emp", lambda s: emp(s).select("id", "name").toDF("a", "b")),
    case("an alias cannot be used in where", "select id as n from emp where n = 1", lambda s: emp(s).where("n = 1").select(col("id").alias("n"))),
    case("an aggregate cannot stand in where", "select id from emp where sum(id) > 1", lambda s: emp(s).where(sum("id") > 1).select("id")),
    case("a column beside an aggregate", "select id, count(*) from emp", lambda s: emp(s).agg(col("id"), count("*"))),
]
