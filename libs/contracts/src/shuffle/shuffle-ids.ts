import { token } from '../plugin/token.ts';

/**
 * Numbers of shuffles, which are unique in an engine.
 *
 * Plane: control. Process: driver, control thread. Called once per query, and once per new shuffle of an RDD.
 */
export interface ShuffleIds {
  /** The first of `count` numbers that nobody else has. */
  reserve(count: number): number;
}
export const ShuffleIds = token<ShuffleIds>('shuffle.ids');
