import type { ExtensionPoint, Token } from './token.ts';

export const pluginApiVersion = 1;

export type PluginRole = 'driver' | 'executor';

/** What a class with `@injectable()` looks like to the host. */
// biome-ignore lint/suspicious/noExplicitAny: constructor parameters are resolved by token
export type Constructor<T> = new (...parameters: any[]) => T;

/** Given to `register`, which only declares: nothing is constructed until the host has checked everything. */
export interface PluginEnv {
  /** The `config:` of this plugin, checked against its schema. */
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * Makes `implementation` the one that serves `token`. Two plugins that bind one token are an error,
   * unless `bindings:` of the job file chooses; a plugin's binding replaces the engine's default.
   */
  bind<T>(token: Token<T>, implementation: Constructor<T>): void;
  bindValue<T extends object>(token: Token<T>, value: T): void;
  /** Adds to an extension point: a ready object or a class to construct. */
  contribute<T extends object>(point: ExtensionPoint<T>, contribution: T | Constructor<T>): void;
}

/** JSON Schema of a plugin's `config:`; plain data. */
export type ConfigSchema = Readonly<Record<string, unknown>>;

export interface PluginDefinition {
  /** Unique, kebab-case. */
  readonly id: string;
  /** Range of @kiln/contracts it was written for (`^0.1.0`). */
  readonly contracts: string;
  /** Ids of plugins that must be there and are registered before. */
  readonly requires?: readonly string[];
  /** Where it runs; only `executor` plugins are shipped to executors. */
  readonly roles: readonly PluginRole[];
  readonly config?: ConfigSchema;
  register(env: PluginEnv): void;
}

/** A plugin as plain data; recognised by `$type` and `apiVersion`, never by `instanceof`. */
export interface Plugin extends PluginDefinition {
  readonly $type: 'kiln.plugin';
  readonly apiVersion: number;
}

/** The default export of a plugin package. */
export function definePlugin(definition: PluginDefinition): Plugin {
  return { ...definition, $type: 'kiln.plugin', apiVersion: pluginApiVersion };
}

/** The `kiln` field of a plugin's package.json: read before any of its code is imported. */
export interface PluginManifest {
  readonly plugin: { readonly id: string; readonly apiVersion: number; readonly roles: readonly PluginRole[] };
}
