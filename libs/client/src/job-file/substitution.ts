import { type Document, isScalar, parseDocument, Scalar, visit } from 'yaml';

/** A `${NAME}` that stands for nothing. */
export interface UnsetVariable {
  readonly name: string;
  /** Offset of the `$` in the file, where it can be told. */
  readonly offset: number;
}

const reference = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in all texts of a document by environment variables; `$${` is a plain `${`.
 * A text without quotes is read again afterwards, so that `show: ${ROWS:-10}` is a number.
 */
export function substitute(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
): readonly UnsetVariable[] {
  const unset: UnsetVariable[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const start = node.range?.[0] ?? 0;
      const shift = node.type === Scalar.PLAIN ? 0 : 1;
      const text = node.value.replace(
        reference,
        (match, name: string | undefined, fallback: string | undefined, offset: number) => {
          if (name === undefined) return '${';
          const value = env[name] ?? fallback;
          if (value === undefined) unset.push({ name, offset: start + shift + offset });
          return value ?? match;
        },
      );
      node.value = node.type === Scalar.PLAIN ? plainValue(text) : text;
    },
  });
  return unset;
}

function plainValue(text: string): unknown {
  const { contents, errors } = parseDocument(text);
  return errors.length === 0 && isScalar(contents) ? contents.value : text;
}
