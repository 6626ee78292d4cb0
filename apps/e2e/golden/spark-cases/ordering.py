from pyspark.sql.functions import asc, col, lit, count, desc, expr, length, sum

from support import case

emp = lambda s: s.table("emp")
la = lambda s: s.table("la")
words = lambda s: s.table("words")

CASES = [
    case("nulls are first ascending", "select x from la order by x", lambda s: la(s).orderBy("x"), ordered=True),
    case("nulls are last descending", "select x from la order by x desc", lambda s: la(s).orderBy(desc("x")), ordered=True),
    case("nulls last ascending", "select x from la order by x nulls last", lambda s: la(s).orderBy(col("x").asc_nulls_last()), ordered=True),
    case("nulls first descending", "select x from la order by x desc nulls first", lambda s: la(s).orderBy(col("x").desc_nulls_first()), ordered=True),
    case("several keys", "select dept, salary, id from emp order by dept desc nulls last, salary asc nulls last, id desc", lambda s: emp(s).select("dept", "salary", "id").orderBy(col("dept").desc_nulls_last(), col("salary").asc_nulls_last(), desc("id")), ordered=True),
    case("by ordinal", "select name, id from emp order by 2 desc", lambda s: emp(s).select("name", "id").orderBy(desc("id")), ordered=True),
    case("by ordinal out of range", "select name from emp order by 2", lambda s: emp(s).select("name").orderBy(lit(2))),
    case("by alias", "select id * -1 as n from emp order by n", lambda s: emp(s).select((col("id") * -1).alias("n")).orderBy("n"), ordered=True),
    case("an alias wins over a column", "select -id as id from emp order by id", lambda s: emp(s).selectExpr("-id as id").orderBy("id"), ordered=True),
    case("by a column that is not selected", "select name from emp order by id desc", lambda s: emp(s).select("name").orderBy(desc("id")), ordered=True),
    case("by an expression", "select name from emp order by id % 2, -id", lambda s: emp(s).select("name").orderBy(col("id") % 2, -col("id")), ordered=True),
    case("by an aggregate that is not selected", "select dept from emp group by dept order by count(*) desc, dept", lambda s: emp(s).groupBy("dept").agg(count("*").alias("n")).orderBy(desc("n"), "dept").select("dept"), ordered=True),
    case("by a group column that is not selected", "select count(*) from emp group by dept order by dept", lambda s: emp(s).groupBy("dept").agg(count("*").alias("n")).orderBy("dept").select(col("n").alias("count(1)")), ordered=True),
    case("distinct by a column that is not selected", "select distinct dept from emp order by id", lambda s: emp(s).select("dept").distinct().orderBy("id")),
    case("by all", "select dept, id from emp order by all", lambda s: emp(s).select("dept", "id").orderBy("dept", "id"), ordered=True),
    case("text by bytes", "select w from words order by w", lambda s: words(s).select("w").orderBy("w"), ordered=True),
    case("by length then text", "select w from words where w is not null order by length(w), w desc", lambda s: words(s).where("w is not null").select("w").orderBy(length("w"), desc("w")), ordered=True),
    case("decimals, dates, booleans", "select d, k > 2, k from days order by k > 2 desc, d nulls last", lambda s: s.table("days").select("d", col("k") > 2, "k").orderBy((col("k") > 2).desc(), col("d").asc_nulls_last()), ordered=True),
    case("limit", "select id from emp order by id limit 2", lambda s: emp(s).select("id").orderBy("id").limit(2), ordered=True),
    case("limit and offset", "select id from emp order by id limit 2 offset 3", lambda s: emp(s).select("id").orderBy("id").offset(3).limit(2), ordered=True),
    case("offset alone", "select id from emp order by id desc offset 4", lambda s: emp(s).select("id").orderBy(desc("id")).offset(4), ordered=True),
    case("limit 0", "select id, name from emp limit 0", lambda s: emp(s).select("id", "name").limit(0)),
    case("limit of an expression", "select id from emp order by id limit 1 + 1", lambda s: emp(s).select("id").orderBy("id").limit(2), ordered=True),
    case("limit below a filter", "select * from (select id from emp order by id limit 3) where id > 1 order by id", lambda s: emp(s).select("id").orderBy("id").limit(3).where("id > 1").orderBy("id"), ordered=True),
    case("negative limit", "select id from emp limit -1", lambda s: emp(s).select("id").limit(-1)),
    case("limit that is no number", "select id from emp limit 'x'", None),
    case("limit of a column", "select id from emp limit id", None),
    case("limit all", "select id from emp order by id limit all", lambda s: emp(s).select("id").orderBy("id"), ordered=True),
    case("many rows across partitions", "select id % 7 as a, id from range(0, 100, 1, 4) order by a desc, id limit 5", lambda s: s.range(0, 100, 1, 4).selectExpr("id % 7 as a", "id").orderBy(desc("a"), "id").limit(5), ordered=True),
    case("of a union", "select id from emp where id < 3 union all select id from dept order by id desc", lambda s: emp(s).where("id < 3").select("id").union(s.table("dept").select("id")).orderBy(desc("id")), ordered=True),
]
