/** A value of an option or setting; the engine gets it as text. */
export type OptionValue = string | number | boolean;

/** Options as the engine gets them. */
export function optionTexts(options: Readonly<Record<string, OptionValue>>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));
}
