import { type ErrorData, errorToData, KilnError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { catalogue } from './catalogue.ts';
import type { Setting } from './setting.ts';

type Catalogue = typeof catalogue;

/** A name in the catalogue. */
export type SettingName = Exclude<keyof Catalogue, `${string}*`>;
/** What {@link Settings.get} gives for a name: bytes for sizes, milliseconds for times, `undefined` only where there is no default. */
export type SettingValue<Name extends SettingName> = Catalogue[Name] extends Setting<infer Value> ? Value : never;

/** Something about a setting that the user should hear, once. */
export interface SettingWarning {
  readonly name: string;
  /** `unknown`: no such property. `unused`: known, but nothing uses it yet. */
  readonly kind: 'unknown' | 'unused';
  readonly message: string;
}

export interface CheckedSettings {
  readonly settings: Settings;
  readonly warnings: readonly SettingWarning[];
}

const known: Readonly<Record<string, Setting<unknown> | undefined>> = catalogue;
const families = Object.keys(catalogue).filter((name) => name.endsWith('*'));

/** The catalogue as data, for the reference page and for tools. */
export const settingsCatalogue: Readonly<Record<string, Setting<unknown>>> = catalogue;

/** Checked settings; immutable. */
export class Settings {
  readonly #raw: Readonly<Record<string, string>>;
  readonly #parsed: ReadonlyMap<string, unknown>;

  private constructor(raw: Readonly<Record<string, string>>, parsed: ReadonlyMap<string, unknown>) {
    this.#raw = raw;
    this.#parsed = parsed;
  }

  /** Errors: KILN_SETTINGS_VALUE, which names all bad values. Unknown and unused properties are warnings. */
  static from(raw: Readonly<Record<string, string>>): CheckedSettings {
    return new Settings({}, new Map()).with(raw);
  }

  /** These settings with others on top; only those are checked and warned of. */
  with(raw: Readonly<Record<string, string>>): CheckedSettings {
    const parsed = new Map(this.#parsed);
    const warnings: SettingWarning[] = [];
    const problems: KilnError[] = [];
    for (const [name, value] of Object.entries(raw)) {
      const setting = find(name);
      const result = setting?.parse(value.trim());
      if (setting === undefined) warnings.push(unknownName(name));
      else if (result === undefined) problems.push(badValue(name, value, setting));
      else {
        parsed.set(name, result);
        if (setting.status === 'accepted')
          warnings.push({
            name,
            kind: 'unused',
            message: `${name} is accepted, but nothing uses it yet: it changes nothing`,
          });
      }
    }
    if (problems.length > 0) throw oneError(problems);
    return { settings: new Settings({ ...this.#raw, ...raw }, parsed), warnings };
  }

  /** The set value, else the default. */
  get<Name extends SettingName>(name: Name): SettingValue<Name> {
    return this.#value(name) as SettingValue<Name>;
  }

  /** The set value or the default as text; also of names that the catalogue does not know. */
  text(name: string): string | undefined {
    const set = this.#raw[name];
    if (set !== undefined) return set;
    const fallback = known[name]?.fallback ?? undefined;
    return typeof fallback === 'object' ? this.text(fallback.sameAs) : fallback;
  }

  isSet(name: string): boolean {
    return Object.hasOwn(this.#raw, name);
  }

  /** What was set, as it was written. */
  entries(): Readonly<Record<string, string>> {
    return this.#raw;
  }

  #value(name: string): unknown {
    if (this.#parsed.has(name)) return this.#parsed.get(name);
    const setting = known[name];
    const fallback = setting?.fallback ?? null;
    if (setting === undefined || fallback === null) return undefined;
    return typeof fallback === 'object' ? this.#value(fallback.sameAs) : setting.parse(fallback);
  }
}

function find(name: string): Setting<unknown> | undefined {
  if (Object.hasOwn(known, name)) return known[name];
  const family = families.find((pattern) => name.startsWith(pattern.slice(0, -1)));
  return family === undefined ? undefined : known[family];
}

function unknownName(name: string): SettingWarning {
  if (!/^(spark|kiln)\./.test(name))
    return { name, kind: 'unknown', message: `${name} is ignored: names of properties begin with spark. or kiln.` };
  const like = nearest(name, Object.keys(catalogue));
  const suggestion = like === undefined ? '' : `; did you mean ${like}?`;
  return {
    name,
    kind: 'unknown',
    message: `${name} is not a property that Kiln knows: it changes nothing${suggestion}`,
  };
}

function badValue(name: string, value: string, setting: Setting<unknown>): KilnError {
  return new KilnError('KILN_SETTINGS_VALUE', `${name} is '${value}', but must be ${setting.form}`, {
    hint:
      typeof setting.fallback === 'string' && setting.fallback !== ''
        ? `Leave it out for the default, ${setting.fallback}`
        : 'Leave it out for the default',
    concerns: { property: name, value },
  });
}

function oneError(problems: readonly KilnError[]): KilnError {
  const [first] = problems;
  if (first !== undefined && problems.length === 1) return first;
  const data: readonly ErrorData[] = problems.map((problem) => errorToData(problem));
  return new KilnError(
    'KILN_SETTINGS_VALUE',
    `${problems.length} settings have bad values:\n${data.map(({ message }) => `- ${message}`).join('\n')}`,
    {
      concerns: { property: data.map(({ concerns }) => concerns.property).join(', ') },
    },
  );
}
