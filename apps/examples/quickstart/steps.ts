import type { DataFrame, Session } from '@kiln/client';
import { col, round } from '@kiln/client/functions';

interface TopArgs {
  readonly n: number;
  readonly minFlights: number;
}

/** The states with the longest mean delay, among those with enough flights to tell. */
export function top(
  _session: Session,
  { states }: { readonly states: DataFrame },
  { n, minFlights }: TopArgs,
): DataFrame {
  return states
    .filter(col('flights').geq(minFlights))
    .withColumns({ delay: round('delay', 1), worst_month: round('worst_month', 1) })
    .orderBy(col('delay').desc(), 'state')
    .limit(n);
}
