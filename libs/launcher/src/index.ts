export { type ExecutorExit, type ExecutorProcess, type StartOptions, startExecutor } from './executor-process.ts';
export { removeFilesOf } from './local-files.ts';
