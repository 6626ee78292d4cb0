const microsPerDay = 86_400_000_000n;

/** `YYYY-MM-DD` of a day counted from 1970-01-01, in the proleptic Gregorian calendar; years beyond 9999 carry a `+`. */
export function dateText(epochDay: number): string {
  // Howard Hinnant's civil_from_days: eras of 400 years, each year beginning in March.
  const day = epochDay + 719_468;
  const era = Math.floor(day / 146_097);
  const dayOfEra = day - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${yearText(year)}-${digits(month, 2)}-${digits(dayOfMonth, 2)}`;
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff` of microseconds since the epoch: always six digits, so that texts sort like the times. */
export function timestampText(micros: bigint): string {
  let day = micros / microsPerDay;
  let rest = micros % microsPerDay;
  if (rest < 0n) {
    day -= 1n;
    rest += microsPerDay;
  }
  const time = Number(rest);
  const seconds = Math.floor(time / 1_000_000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => digits(part, 2))
    .join(':');
  return `${dateText(Number(day))}T${clock}.${digits(time % 1_000_000, 6)}`;
}

function yearText(year: number): string {
  if (year > 9999) return `+${year}`;
  return year < 0 ? `-${digits(-year, 4)}` : digits(year, 4);
}

const digits = (value: number, width: number) => String(value).padStart(width, '0');
