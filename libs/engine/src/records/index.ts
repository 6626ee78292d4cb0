/** What records of RDDs are as bytes, as keys and in order: the same in the user's thread and in executors. */
export * from './codec.ts';
export * from './hash.ts';
export * from './keys.ts';
