export { type EngineHandle, type Execution, type JobOptions, startEngine } from './engine-handle.ts';
export type { EngineOptions, EngineQuery, ExplainResult, ShowOptions, WriteResult } from './messages.ts';
