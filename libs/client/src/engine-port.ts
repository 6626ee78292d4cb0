/** The engine as the client sees it: plain data in, Arrow out. Types only, so that tests can put a fake in its place. */
export type {
  EngineHandle,
  EngineLineage,
  EngineOptions,
  EngineQuery,
  Execution,
  ExplainResult,
  JobOptions,
  LineageExecution,
  PluginReference,
  ShowOptions,
  WriteResult,
} from '@kiln/host';
