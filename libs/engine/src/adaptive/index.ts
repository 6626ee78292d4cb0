export * from './coalesce.ts';
export * from './layout.ts';
