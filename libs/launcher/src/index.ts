export { type Child, type ChildExit, type ChildOptions, killGroup, startChild } from './child-process.ts';
export { type ExecutorExit, type ExecutorProcess, type StartOptions, startExecutor } from './executor-process.ts';
export { removeFilesOf } from './local-files.ts';
export { whenParentIsGone } from './parent.ts';
