export * from './control-thread/index.ts';
export type { PluginReference } from './plugin-host/index.ts';
