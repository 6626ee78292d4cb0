import { KilnError } from '../errors.ts';

/** What a number without a unit counts; in Spark it differs from property to property. */
export type SizeUnit = 'B' | 'KiB' | 'MiB';
export type TimeUnit = 'ms' | 's';

const sizes = { B: 1, KIB: 2 ** 10, MIB: 2 ** 20, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 } as const;
const times = { us: 1e-3, ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 3.6e6, d: 8.64e7 } as const;

/** Bytes of `512k`, `48m`, `2g`, `1048576`; NaN when it is none. */
export function toBytes(text: string, bare: SizeUnit): number {
  const [, digits, unit = bare] = /^(-?\d+)\s*(?:([bkmgtp])b?)?$/i.exec(text.trim()) ?? [];
  return Number(digits) * sizes[unit.toUpperCase() as keyof typeof sizes];
}

/** Milliseconds of `100ms`, `3s`, `2min`; NaN when it is none. */
export function toMillis(text: string, bare: TimeUnit): number {
  const [, digits, unit = bare] = /^(-?\d+)\s*(us|ms|s|m|min|h|d)?$/i.exec(text.trim()) ?? [];
  return Number(digits) * times[unit.toLowerCase() as keyof typeof times];
}

/** A size outside of settings, such as an option. Errors: KILN_SETTINGS_VALUE. */
export function parseBytes(text: string, bare: SizeUnit = 'B'): number {
  return checked(toBytes(text, bare), text, `a size such as 512k, 48m or 2g (a bare number counts ${bare})`);
}

/** A time outside of settings. Errors: KILN_SETTINGS_VALUE. */
export function parseMillis(text: string, bare: TimeUnit = 'ms'): number {
  return checked(toMillis(text, bare), text, `a time such as 100ms, 3s or 2min (a bare number counts ${bare})`);
}

function checked(value: number, text: string, form: string): number {
  if (Number.isNaN(value))
    throw new KilnError('KILN_SETTINGS_VALUE', `'${text}' is not ${form}`, { concerns: { value: text } });
  return value;
}
