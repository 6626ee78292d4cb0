export { DefaultExecutorFactory } from './default-executor.ts';
