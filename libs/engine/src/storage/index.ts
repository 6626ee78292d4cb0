export { FileOutputCommitter } from './file-output-committer.ts';
