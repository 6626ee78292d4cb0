SELECT /*+ BROADCAST(t) */ * FROM t JOIN u ON t.a = u.a;
SELECT /*+ REPARTITION(4, a), coalesce(2) */ a FROM t;
SELECT /*+ MERGE(a, s.b) */ /*+ SHUFFLE_HASH(c) REBALANCE */ DISTINCT a FROM t;
SELECT a /*+ BROADCAST(t) */ FROM t;
SELECT /*+ REPARTITION(4 */ a FROM t;
