/** One property of the catalogue. `T` is the type of its value: `undefined` is in it when there is no default. */
export interface Setting<T> {
  readonly type: SettingType;
  /** What a value looks like, for messages and the reference page: `a size such as 512m or 2g`. */
  readonly form: string;
  /** The default as text, or the property whose value it takes; `null`: none. */
  readonly fallback: string | { readonly sameAs: string } | null;
  readonly doc: string;
  /** Version of Kiln that knows it first. */
  readonly since: string;
  /** `accepted`: known and checked, but nothing uses it yet; the user is told. */
  readonly status: 'supported' | 'accepted';
  /** `undefined`: not a value of this property. */
  parse(text: string): NonNullable<T> | undefined;
}

export type SettingType = 'boolean' | 'choice' | 'integer' | 'list' | 'number' | 'size' | 'text' | 'time' | 'time-zone';

export interface SettingOptions {
  /** `false`: accepted, but not used yet. */
  readonly used?: false;
  readonly since?: string;
}

export interface RangeOptions extends SettingOptions {
  readonly min?: number;
  readonly max?: number;
}

export interface SameAs {
  readonly sameAs: string;
}

export const sameAs = (name: string): SameAs => ({ sameAs: name });

/** A property without default may be missing. */
export type Present<Fallback, T> = null extends Fallback ? T | undefined : T;

export function define<T>(
  type: SettingType,
  form: string,
  fallback: string | number | boolean | SameAs | null,
  doc: string,
  options: SettingOptions,
  parse: (text: string) => NonNullable<T> | undefined,
): Setting<T> {
  return {
    type,
    form,
    fallback: fallback === null || typeof fallback === 'object' ? fallback : String(fallback),
    doc,
    since: options.since ?? '0.1.0',
    status: options.used === false ? 'accepted' : 'supported',
    parse,
  };
}
