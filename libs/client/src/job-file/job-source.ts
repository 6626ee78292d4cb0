import type { Position } from '@kiln/base';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar } from 'yaml';

/** Keys and indices from the root to a value. */
export type JobPath = readonly (string | number)[];

/** A place in a job file (`key`: the key at a path instead of its value). */
export interface JobPlace {
  readonly path: JobPath;
  readonly key?: boolean;
}

/** The text of a job file and where in it each value stands. */
export class JobSource {
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** Where a value (or its key) stands; for what is not there, the nearest thing around it. */
  position({ path, key = false }: JobPlace): Position {
    let node = this.document.contents as Node | null;
    let offset = 0;
    for (const [depth, part] of path.entries()) {
      const pair = isMap(node)
        ? (node.items.find((item) => keyText(item) === String(part)) as Pair<Node, Node | null> | undefined)
        : undefined;
      const next = pair ? pair.value : isSeq(node) ? (node.items[Number(part)] as Node | undefined) : undefined;
      // A map begins at its first key: the key that names it is the better place.
      offset = pair?.key.range?.[0] ?? next?.range?.[0] ?? offset;
      if (pair === undefined && next === undefined) break;
      const isLast = depth === path.length - 1;
      if (isLast && !key && isScalar(next)) offset = next.range?.[0] ?? offset;
      node = next ?? null;
    }
    return this.at(offset);
  }

  /** Line and column of an offset. */
  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  /** The text of a line, from 1. */
  line(number: number): string {
    return this.text.split('\n')[number - 1]?.replace(/\r$/, '') ?? '';
  }

  /**
   * Where a place inside a text value is in the file, for SQL: exact for plain, quoted and `|` texts as written,
   * else where the value begins.
   */
  within(path: JobPath, inner: Position, value: string): Position {
    const node = this.document.getIn(path, true);
    const start = this.position({ path });
    if (!(node instanceof Scalar) || !node.range) return start;
    const written = this.text.slice(node.range[0], node.range[1]);
    const valueLine = value.split('\n')[inner.line - 1] ?? '';
    const isBlock = node.type === Scalar.BLOCK_LITERAL;
    const writtenLine = written.split('\n')[isBlock ? inner.line : inner.line - 1] ?? '';
    const indent = writtenLine.indexOf(valueLine);
    if (indent < 0 || (!isBlock && inner.line > 1)) return start;
    if (isBlock) return { line: start.line + inner.line, column: indent + inner.column };
    return { line: start.line, column: start.column + indent + inner.column - 1 };
  }
}

function keyText(pair: { readonly key: unknown }): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}
