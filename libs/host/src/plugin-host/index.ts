export { type LoadedPlugin, loadPlugins } from './load.ts';
export type { PluginReference } from './reference.ts';
