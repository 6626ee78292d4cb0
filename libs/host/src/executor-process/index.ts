export { runExecutor } from './run-executor.ts';
