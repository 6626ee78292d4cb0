import { expect, test } from 'vitest';
import { tablesOfSql } from './sql-references.ts';

test.each([
  ['select a.state from flights f join Airports a on f.origin = a.iata', ['flights', 'airports']],
  ['select * from a, b c, (select * from d) e where x in (select y from f)', ['a', 'b', 'd', 'f']],
  ['with t as (select * from a), u as (select * from t) select * from u', ['a']],
  ['select \'from x\', "from y" -- from z\n/* from w */ from `odd name`', ['odd name']],
  ['select extract(year from day), a is distinct from b from t', ['t']],
  ['select * from parquet.`x.parquet` union all select * from db.t2', []],
  ['select * from explode(x), range(5) r', []],
  ['select * from (a join b on a.x = b.x) left semi join c using (x)', ['a', 'b', 'c']],
  ['select count(*), top from t group by a, b order by c, d', ['t']],
  ['select * from a as x natural join b y limit 3', ['a', 'b']],
])('%s', (text, tables) => expect([...tablesOfSql(text)].sort()).toEqual([...tables].sort()));
