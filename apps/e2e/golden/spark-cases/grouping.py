from pyspark.sql.functions import (
    any_value, approx_count_distinct, avg, bool_and, bool_or, collect_list, collect_set, corr, count, count_distinct, count_if, expr, grouping,
    grouping_id, lit, col, max, max_by, median, min, min_by, stddev, stddev_pop, sum, sum_distinct, var_samp, percentile, round, skewness, kurtosis, array_sort, sort_array,
)

from support import case

emp = lambda s: s.table("emp")
sales = lambda s: s.table("sales")
nums = lambda s: s.table("nums")

CASES = [
    case("null is a group", "select dept, count(*), sum(salary), max(name) from emp group by dept", lambda s: emp(s).groupBy("dept").agg(count("*"), sum("salary"), max("name"))),
    case("shortcuts of groups", "select dept, count(1) as count from emp group by dept", lambda s: emp(s).groupBy("dept").count()),
    case("several aggregates by short form", "select dept, min(salary), min(id) from emp group by dept", lambda s: emp(s).groupBy("dept").min("salary", "id")),
    case("group by ordinal", "select dept, count(*) from emp group by 1", lambda s: emp(s).groupBy(col("dept")).agg(count("*"))),
    case("group by alias", "select dept + 1 as d, count(*) from emp group by d", lambda s: emp(s).groupBy((col("dept") + 1).alias("d")).agg(count("*"))),
    case("group by all", "select dept, boss, count(*), sum(id) + 1 from emp group by all", lambda s: emp(s).groupBy("dept", "boss").agg(count("*"), sum("id") + 1)),
    case("group by ordinal out of range", "select dept, count(*) from emp group by 3", None),
    case("group by ordinal of an aggregate", "select dept, count(*) from emp group by 2", lambda s: emp(s).groupBy(count(lit(1))).agg(count("*"))),
    case("group by expression", "select id % 2, id % 2 + 1, count(*) from emp group by id % 2", lambda s: emp(s).groupBy(col("id") % 2).agg(col("id") % 2 + 1, count("*"))),
    case("group without aggregate", "select dept from emp group by dept", lambda s: emp(s).select("dept").distinct()),
    case("column not in group", "select name, count(*) from emp group by dept", lambda s: emp(s).groupBy("dept").agg(col("name"), count("*"))),
    case("having", "select dept, count(*) as n from emp group by dept having n > 1 and dept is not null", lambda s: emp(s).groupBy("dept").agg(count("*").alias("n")).where("n > 1 and dept is not null")),
    case("having of another aggregate", "select dept from emp group by dept having max(salary) > 3600", lambda s: emp(s).groupBy("dept").agg(max("salary").alias("m")).where("m > 3600").select("dept")),
    case("having without group", "select sum(id) from emp having count(*) > 100", lambda s: emp(s).agg(sum("id"), count("*").alias("n")).where("n > 100").drop("n")),
    case("aggregates of no rows", "select count(*), sum(id), max(name), avg(id), collect_list(id), bool_and(id > 1) from emp where false",
         lambda s: emp(s).where("false").agg(count("*"), sum("id"), max("name"), avg("id"), collect_list("id"), bool_and(col("id") > 1))),
    case("groups of no rows", "select dept, count(*) from emp where false group by dept", lambda s: emp(s).where("false").groupBy("dept").agg(count("*"))),
    case("distinct aggregates", "select count(distinct dept), count(distinct dept, boss), sum(distinct dept), avg(distinct salary), count(distinct salary), count(name), max(distinct id) from emp",
         lambda s: emp(s).agg(count_distinct("dept"), count_distinct("dept", "boss"), sum_distinct("dept"), expr("avg(distinct salary)"), count_distinct("salary"), count("name"), expr("max(distinct id)"))),
    case("distinct aggregates by group", "select boss, count(distinct dept), sum(distinct salary), count(*) from emp group by boss",
         lambda s: emp(s).groupBy("boss").agg(count_distinct("dept"), sum_distinct("salary"), count("*"))),
    case("filter of an aggregate", "select count(*) filter (where salary > 3500), sum(id) filter (where dept = 10), count(distinct dept) filter (where id < 3) from emp",
         lambda s: emp(s).selectExpr("count(*) filter (where salary > 3500)", "sum(id) filter (where dept = 10)", "count(distinct dept) filter (where id < 3)")),
    case("rollup", "select region, product, sum(amount), grouping(region), grouping_id(region, product) from sales group by rollup(region, product)",
         lambda s: sales(s).rollup("region", "product").agg(sum("amount"), grouping("region"), grouping_id("region", "product"))),
    case("cube", "select region, year, count(*), grouping_id() from sales group by cube(region, year)", lambda s: sales(s).cube("region", "year").agg(count("*"), grouping_id())),
    case("grouping sets", "select region, product, year, sum(amount) from sales group by grouping sets ((region, product), (year), ())", None),
    case("rollup beside a column", "select year, region, sum(amount) from sales group by year, rollup(region)", None),
    case("having of grouping", "select region, sum(amount) as a from sales group by rollup(region) having grouping(region) = 1",
         lambda s: sales(s).rollup("region").agg(sum("amount").alias("a"), grouping("region").alias("g")).where("g = 1").select("region", "a")),
    case("rollup of an expression", "select year + 1 as y, sum(amount) from sales group by rollup(year + 1)", lambda s: sales(s).rollup((col("year") + 1).alias("y")).agg(sum("amount"))),
    case("grouping without sets", "select region, grouping(region) from sales group by region", lambda s: sales(s).groupBy("region").agg(grouping("region"))),
    case("nested aggregate", "select sum(count(*)) from emp group by dept", lambda s: emp(s).groupBy("dept").agg(sum(count("*")))),
    case("statistics", "select stddev(amount), stddev_pop(amount), var_samp(amount), round(corr(amount, year), 10), skewness(amount), kurtosis(amount), median(amount), percentile(amount, 0.25) from sales",
         lambda s: sales(s).agg(stddev("amount"), stddev_pop("amount"), var_samp("amount"), round(corr("amount", "year"), 10), skewness("amount"), kurtosis("amount"), median("amount"), percentile("amount", 0.25))),
    case("statistics of one row", "select stddev(k), var_samp(k), stddev_pop(k), corr(k, k), skewness(k), median(d), avg(d) from nums where k = 1",
         lambda s: nums(s).where("k = 1").agg(stddev("k"), var_samp("k"), stddev_pop("k"), corr("k", "k"), skewness("k"), median("d"), avg("d"))),
    case("other aggregates", "select bool_and(id > 0), bool_or(id > 5), count_if(dept = 10), max_by(name, salary), min_by(name, id), sort_array(collect_set(boss)), any_value(1), approx_count_distinct(dept), bit_or(id), bit_xor(id) from emp",
         lambda s: emp(s).agg(bool_and(col("id") > 0), bool_or(col("id") > 5), count_if(col("dept") == 10), max_by("name", "salary"), min_by("name", "id"), sort_array(collect_set("boss")), any_value(lit(1)), approx_count_distinct("dept"), expr("bit_or(id)"), expr("bit_xor(id)"))),
    case("first and last", "select first(boss), first(boss, true), last(dept), last(dept, true), first_value(name) from (select * from emp order by id)",
         lambda s: emp(s).orderBy("id").selectExpr("first(boss)", "first(boss, true)", "last(dept)", "last(dept, true)", "first_value(name)")),
    case("sum of types", "select sum(t), sum(s), sum(f), sum(m), sum(null), avg(f), avg(null) from nums", lambda s: nums(s).selectExpr("sum(t)", "sum(s)", "sum(f)", "sum(m)", "sum(null)", "avg(f)", "avg(null)")),
    case("sum of text", "select sum('1'), avg(string(k)) from nums", lambda s: nums(s).selectExpr("sum('1')", "avg(string(k))")),
    case("sum of booleans", "select sum(k > 1) from nums", lambda s: nums(s).agg(sum(col("k") > 1))),
    case("arrays and their order", "select sort_array(array(3, null, 1)), sort_array(array(3, null, 1), false), size(array(1, 2)), array_contains(array(1, null), 1), array_contains(array(1, null), 2), array(1, 2.5)", None),
    case("a key twice in a map", "select map('a', 1, 'a', 2)", None),
]
