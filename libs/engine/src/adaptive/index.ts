export * from './coalesce.ts';
export * from './layout.ts';
export * from './preferences.ts';
