export {
  type EngineHandle,
  type Execution,
  type JobOptions,
  type LineageExecution,
  startEngine,
} from './engine-handle.ts';
export type {
  EngineLineage,
  EngineOptions,
  EngineQuery,
  ExplainResult,
  ShowOptions,
  WriteResult,
} from './messages.ts';
