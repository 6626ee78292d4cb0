from pyspark.sql.functions import col

from support import case

emp = lambda s: s.table("emp")
dept = lambda s: s.table("dept")

CASES = [
    case("using", "select * from emp join dept using (id)", lambda s: emp(s).join(dept(s), "id")),
    case("using with star of several names", "select * from emp join (select id, name from emp where id > 4) b using (id, name)", lambda s: emp(s).join(emp(s).where("id > 4").select("id", "name"), ["id", "name"])),
    case("full using takes either side", "select * from (select dept as id, name from emp) a full join dept b using (id)", lambda s: emp(s).selectExpr("dept as id", "name").join(dept(s), "id", "full")),
    case("right using", "select * from (select dept as id, salary from emp) a right join dept b using (id)", lambda s: emp(s).selectExpr("dept as id", "salary").join(dept(s), "id", "right")),
    case("semi using", "select * from (select dept as id, salary from emp) a left semi join dept b using (id)", lambda s: emp(s).selectExpr("dept as id", "salary").join(dept(s), "id", "leftsemi")),
    case("using an unknown column", "select * from emp join dept using (salary)", lambda s: emp(s).join(dept(s), "salary")),
    case("natural", "select * from (select dept as id, name as person from emp) natural join dept", lambda s: emp(s).selectExpr("dept as id", "name as person").join(dept(s), ["id"])),
    case("sides of using by qualifier", "select a.id, b.id, id from (select dept as id from emp) a full join dept b using (id)", lambda s: emp(s).selectExpr("dept as id").alias("a").join(dept(s).alias("b"), "id", "full").select("a.id", "b.id", "id")),
]
