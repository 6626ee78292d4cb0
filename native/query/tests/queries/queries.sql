-- window over partitions
select o_custkey, o_orderkey, row_number() over (partition by o_custkey order by o_orderkey) as n, sum(o_totalprice) over (partition by o_custkey order by o_orderkey) as s from orders where o_custkey < 50 order by o_custkey, o_orderkey;
-- window without partitions
select o_orderkey, rank() over (order by o_totalprice desc, o_orderkey) as r from orders where o_orderkey < 400 order by r;
-- global sort
select l_orderkey, l_linenumber, l_extendedprice from lineitem order by l_extendedprice desc, l_orderkey, l_linenumber;
-- global sort of text with nulls
select c_custkey, case when c_custkey % 7 = 0 then null else c_name end as n from customer order by n desc nulls last, c_custkey;
-- top rows
select l_orderkey, l_linenumber, l_extendedprice from lineitem order by l_extendedprice desc, l_orderkey, l_linenumber limit 17;
-- top rows after an offset
select o_orderkey, o_totalprice from orders order by o_totalprice, o_orderkey limit 10 offset 95;
-- limit of nothing in order
select count(*) from (select o_orderkey from orders limit 1000) t;
-- union all
select k, count(*) as n from (select o_custkey as k from orders union all select c_custkey from customer union all select s_suppkey from supplier) t group by k order by k;
-- union of sorted and grouped
select 'a' as x, count(*) as n from orders union all select 'b', count(*) from customer union all select o_orderstatus, count(*) from orders group by o_orderstatus order by x;
-- union distinct, intersect, except
select count(*) from ((select o_custkey as k from orders union select c_custkey from customer) intersect select c_custkey from customer where c_custkey > 700 except select o_custkey from orders where o_custkey < 800) t;
-- full outer join
select count(*) as n, count(o.o_orderkey) as o, count(c.c_custkey) as c, sum(coalesce(o.o_orderkey, 0)) as s from (select * from orders where o_orderkey % 3 = 0) o full outer join (select * from customer where c_custkey % 2 = 0) c on o.o_custkey = c.c_custkey;
-- left join with a small left side
select n_name, count(s_suppkey) as n from nation left join supplier on n_nationkey = s_nationkey and s_acctbal > 5000 group by n_name order by n_name;
-- right join with a large left side
select n_name, count(c_custkey) as n from customer right join nation on n_nationkey = c_nationkey and c_acctbal > 9000 group by n_name order by n_name;
-- join by inequality
select count(*) from supplier s join customer c on s.s_acctbal > c.c_acctbal and s.s_nationkey < c.c_nationkey;
-- left join by inequality
select n_name, count(s_suppkey) as n from nation left join supplier on n_nationkey > s_nationkey + 20 group by n_name order by n_name;
-- full join by inequality
select count(*), count(n_nationkey), count(r_regionkey) from nation full outer join region on n_regionkey < r_regionkey - 3;
-- cross join
select count(*), sum(n_nationkey * s_suppkey) from nation cross join supplier;
-- semi join
select count(*) from orders where o_custkey in (select c_custkey from customer where c_acctbal > 5000);
-- semi join with a small left side
select count(*) from nation where n_nationkey in (select c_nationkey from customer where c_acctbal > 9900);
-- anti join
select count(*) from customer where not exists (select 1 from orders where o_custkey = c_custkey);
-- not in
select count(*) from orders where o_custkey not in (select c_custkey from customer where c_acctbal > 0);
-- not in with a null
select count(*) from orders where o_custkey not in (select case when c_custkey = 5 then null else c_custkey end from customer where c_acctbal > 9000);
-- not in of nulls
select count(*) from (select case when o_custkey % 10 = 1 then null else o_custkey end as k from orders) o where k not in (select c_custkey from customer where c_acctbal > 5000);
-- not in of nothing
select count(*) from (select case when o_custkey % 10 = 1 then null else o_custkey end as k from orders) o where k not in (select c_custkey from customer where c_acctbal > 1000000);
-- distinct aggregates
select o_orderpriority, count(distinct o_custkey) as c, count(*) as n, sum(distinct o_shippriority + o_custkey % 10) as s from orders group by o_orderpriority order by o_orderpriority;
-- rollup
select o_orderstatus, o_orderpriority, count(*) as n from orders group by rollup (o_orderstatus, o_orderpriority) order by o_orderstatus nulls first, o_orderpriority nulls first;
-- distinct
select distinct l_returnflag, l_linestatus, l_shipmode from lineitem order by 1, 2, 3;
-- aggregates without groups
select count(*), min(l_shipdate), max(l_comment), avg(l_quantity), sum(l_tax) from lineitem where l_shipdate > date '1995-01-01';
-- aggregates of nothing
select count(*), sum(l_tax), max(l_comment) from lineitem where l_quantity > 1000;
-- scalar subqueries
select count(*) from lineitem where l_extendedprice > (select avg(l_extendedprice) from lineitem) and l_quantity < (select max(l_quantity) from lineitem) / 2;
-- a scalar subquery of no row
select count(*), count((select max(o_orderkey) from orders where o_orderkey < 0)) from customer;
-- join keys of text
select count(*), sum(length(a.c_name)) from customer a join customer b on a.c_phone = b.c_phone and a.c_mktsegment = b.c_mktsegment;
-- a table twice
select count(*) from orders a join orders b on a.o_custkey = b.o_custkey and a.o_orderkey < b.o_orderkey;
-- having
select o_custkey, count(*) as n from orders group by o_custkey having count(*) > 20 order by n desc, o_custkey;
-- no table
select 1 as one, 'x' as x;
-- values
select sum(a), max(b) from (values (1, 'x'), (2, 'y'), (3, null)) as t(a, b);
