export type * from './data-type.ts';
export type * from './expression.ts';
export type * from './relation.ts';
