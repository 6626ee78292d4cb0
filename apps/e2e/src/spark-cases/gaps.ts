/** Why a case answers otherwise than Spark 4.3.0: one reason, or one by form. */
type Gap = string | { readonly SQL?: string; readonly DataFrame?: string };

/** Cases known to answer otherwise, as `group: name of the case`. A gap that is closed fails the suite until its line goes. */
export const gaps: Readonly<Record<string, Gap>> = {
  'decimals: aggregate overflows': 'another error class: ARITHMETIC_OVERFLOW, as Spark has it for larger inputs',
  'casts: text to timestamp': 'name only: a timestamp literal with a zone of its own is shown as written',
  'ordering: distinct by a column that is not selected': {
    DataFrame: 'refused as in SQL; Spark sorts by a column that DISTINCT has dropped',
  },
  'ordering: negative limit': { DataFrame: 'the client refuses it first: KILN_ARGUMENT' },
  'subqueries: in as a value': 'NULL as in standard SQL; Spark answers false where IN is selected as a value',
};

/** Why a form of a case is expected to fail, if it is. */
export function gapOf(key: string, form: 'SQL' | 'DataFrame'): string | undefined {
  const gap = gaps[key];
  return typeof gap === 'string' ? gap : gap?.[form];
}
