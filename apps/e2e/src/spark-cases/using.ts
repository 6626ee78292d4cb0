import type { Session } from '@kiln/client';
import type { Builders } from './support.ts';

const emp = (s: Session) => s.table('emp');
const dept = (s: Session) => s.table('dept');

export const using: Builders = {
  using: (s) => emp(s).join(dept(s), 'id'),
  'using with star of several names': (s) => emp(s).join(emp(s).where('id > 4').select('id', 'name'), ['id', 'name']),
  'full using takes either side': (s) => emp(s).selectExpr('dept as id', 'name').join(dept(s), 'id', 'full'),
  'right using': (s) => emp(s).selectExpr('dept as id', 'salary').join(dept(s), 'id', 'right'),
  'semi using': (s) => emp(s).selectExpr('dept as id', 'salary').join(dept(s), 'id', 'leftsemi'),
  'using an unknown column': (s) => emp(s).join(dept(s), 'salary'),
  natural: (s) => emp(s).selectExpr('dept as id', 'name as person').join(dept(s), ['id']),
  'sides of using by qualifier': (s) =>
    emp(s).selectExpr('dept as id').alias('a').join(dept(s).alias('b'), 'id', 'full').select('a.id', 'b.id', 'id'),
};
