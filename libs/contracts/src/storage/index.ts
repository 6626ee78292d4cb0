export * from './output-committer.ts';
