/** How a plugin is named: a package, a path beside the job file, or a file URL; with its settings. */
export type PluginReference =
  | string
  | { readonly package: string; readonly config?: Readonly<Record<string, unknown>> };

export interface NormalPluginReference {
  readonly package: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export function normalizeReference(reference: PluginReference): NormalPluginReference {
  return typeof reference === 'string'
    ? { package: reference, config: {} }
    : { package: reference.package, config: reference.config ?? {} };
}
