/** The names that Spark's `spark.redaction.regex` hides by default. */
const secret = /secret|password|token|access[.]?key/i;

/** Settings for people to see: values of secrets are hidden. */
export function redact(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, secret.test(name) ? '*********(redacted)' : value]),
  );
}
