/** A key for one service. Its name is what error messages and `bindings:` of a job file use. */
export type Token<T> = symbol & { readonly __service?: T };

/** The same name gives the same token, also over two copies of this package. */
export function token<T>(name: string): Token<T> {
  return Symbol.for(`kiln.service.${name}`) as Token<T>;
}

/** A place where plugins add things; add-only, owned by one room. */
export interface ExtensionPoint<T> {
  readonly id: string;
  readonly __contribution?: T;
}

export function extensionPoint<T>(id: string): ExtensionPoint<T> {
  return { id };
}

/** The token under which everything contributed to a point is injected, as an array in order of registration. */
export function allOf<T>(point: ExtensionPoint<T>): Token<readonly T[]> {
  return Symbol.for(`kiln.contributions.${point.id}`) as Token<readonly T[]>;
}
