/** The engine as the client sees it: plain data in, Arrow out. Types only, so that tests can put a fake in its place. */
export type {
  EngineHandle,
  EngineOptions,
  EngineQuery,
  Execution,
  ExplainResult,
  JobOptions,
  PluginReference,
  ShowOptions,
  WriteResult,
} from '@kiln/host';
