export { type PluginArchive, packPlugin, unpackPlugin } from './archive.ts';
export { findPlugins, type LoadedPlugin, loadPlugins } from './load.ts';
export type { FoundPlugin } from './manifest.ts';
export type { PluginReference } from './reference.ts';
