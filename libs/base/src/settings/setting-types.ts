import { define, type Present, type RangeOptions, type SameAs, type Setting, type SettingOptions } from './setting.ts';
import { type SizeUnit, type TimeUnit, toBytes, toMillis } from './units.ts';

export function text<F extends string | SameAs | null>(
  fallback: F,
  doc: string,
  options: SettingOptions = {},
): Setting<Present<F, string>> {
  return define<Present<F, string>>('text', 'text', fallback, doc, options, (value) => value as never);
}

/** Values between commas. */
export function list(fallback: string, doc: string, options: SettingOptions = {}): Setting<readonly string[]> {
  return define<readonly string[]>('list', 'values between commas', fallback, doc, options, (value) =>
    value.split(',').flatMap((part) => part.trim() || []),
  );
}

/** `only`: the one value that works, with the reason. */
export function boolean<F extends boolean | SameAs | null>(
  fallback: F,
  doc: string,
  options: SettingOptions & { readonly only?: { readonly value: boolean; readonly reason: string } } = {},
): Setting<Present<F, boolean>> {
  const { only } = options;
  const form = only === undefined ? 'true or false' : `${only.value} (${only.reason})`;
  return define<Present<F, boolean>>('boolean', form, fallback, doc, options, (value) => {
    const word = value.toLowerCase();
    const parsed = word === 'true' ? true : word === 'false' ? false : undefined;
    return (only !== undefined && parsed !== only.value ? undefined : parsed) as never;
  });
}

/** One of a few words, in any case; the value is spelled as in `values`. */
export function choice<const V extends string>(
  values: readonly V[],
  fallback: V,
  doc: string,
  options: SettingOptions = {},
): Setting<V> {
  return define<V>('choice', `one of ${values.join(', ')}`, fallback, doc, options, (value) => {
    return values.find((known) => known.toLowerCase() === value.toLowerCase()) as NonNullable<V> | undefined;
  });
}

export function integer<F extends number | SameAs | null>(
  fallback: F,
  doc: string,
  options: RangeOptions = {},
): Setting<Present<F, number>> {
  return define<Present<F, number>>(
    'integer',
    `a whole number${rangeText(options)}`,
    fallback,
    doc,
    options,
    (value) => {
      const parsed = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
      return (Number.isSafeInteger(parsed) ? within(parsed, options) : undefined) as never;
    },
  );
}

export function number<F extends number | SameAs | null>(
  fallback: F,
  doc: string,
  options: RangeOptions = {},
): Setting<Present<F, number>> {
  return define<Present<F, number>>('number', `a number${rangeText(options)}`, fallback, doc, options, (value) => {
    const parsed = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : Number.NaN;
    return within(parsed, options) as never;
  });
}

/** Bytes. */
export function size<F extends string | SameAs | null>(
  bare: SizeUnit,
  fallback: F,
  doc: string,
  options: SettingOptions & { readonly negative?: string; readonly positive?: true } = {},
): Setting<Present<F, number>> {
  const negative = options.negative === undefined ? '' : `, -1: ${options.negative}`;
  const form = `a size such as 512k, 48m or 2g (a bare number counts ${bare}${negative})`;
  const min = options.negative !== undefined ? -Infinity : options.positive ? 1 : 0;
  return define<Present<F, number>>('size', form, fallback, doc, options, (value) => {
    return within(toBytes(value, bare), { min, max: Number.MAX_SAFE_INTEGER }) as never;
  });
}

/** Milliseconds. */
export function time<F extends string | SameAs | null>(
  bare: TimeUnit,
  fallback: F,
  doc: string,
  options: SettingOptions & { readonly negative?: string } = {},
): Setting<Present<F, number>> {
  const negative = options.negative === undefined ? '' : `, -1: ${options.negative}`;
  const form = `a time such as 100ms, 3s or 2min (a bare number counts ${bare}${negative})`;
  const min = options.negative === undefined ? 0 : -Infinity;
  return define<Present<F, number>>(
    'time',
    form,
    fallback,
    doc,
    options,
    (value) => within(toMillis(value, bare), { min }) as never,
  );
}

/** A region (`Europe/Berlin`) or an offset (`+02:00`). */
export function timeZone(fallback: string, doc: string, options: SettingOptions = {}): Setting<string> {
  const form = 'a region such as Europe/Berlin or an offset such as +02:00';
  return define<string>('time-zone', form, fallback, doc, options, (value) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: value });
      return value;
    } catch {
      return undefined;
    }
  });
}

function within(value: number, range: RangeOptions): number | undefined {
  const { min = -Infinity, max = Infinity } = range;
  return value >= min && value <= max ? value : undefined;
}

function rangeText({ min, max }: RangeOptions): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
