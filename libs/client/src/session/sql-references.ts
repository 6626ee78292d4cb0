const words =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)+`|[A-Za-z_][\w$]*|\d[\w.]*|./g;
/** Functions whose FROM is not that of a query: `extract(year from d)`. */
const fromFunctions = new Set(['extract', 'substring', 'substr', 'trim', 'overlay', 'position']);
/** Words after which the FROM clause is over. */
const clauseEnds = new Set(
  'where group order having limit union intersect except minus select window qualify sort cluster distribute lateral pivot unpivot'.split(
    ' ',
  ),
);

/**
 * Names of tables and views that a SQL text reads, in lower case: what follows FROM, JOIN and the commas of a FROM clause,
 * less the query's own CTEs. For ordering and for finding cycles only; the parser of the engine has the last word.
 */
export function tablesOfSql(text: string): ReadonlySet<string> {
  const tokens = (text.match(words) ?? []).filter((token) => !/^(\s|--|\/\*)/.test(token));
  return new TableScanner(tokens).scan();
}

/** One pair of brackets. */
interface Level {
  /** After FROM or a comma of its list: a table comes next. */
  expectsTable: boolean;
  /** Within a FROM clause: commas separate tables. */
  inFrom: boolean;
  readonly isFromFunction: boolean;
}

class TableScanner {
  readonly #tokens: readonly string[];
  readonly #tables = new Set<string>();
  readonly #ctes = new Set<string>();
  readonly #levels: Level[] = [{ expectsTable: false, inFrom: false, isFromFunction: false }];

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  scan(): ReadonlySet<string> {
    for (let i = 0; i < this.#tokens.length; i++) this.#token(i, this.#levels.at(-1) as Level);
    return this.#tables.difference(this.#ctes);
  }

  #token(i: number, level: Level): void {
    const word = this.#word(i);
    switch (word) {
      case '(':
        // FROM (a join b): what is in the brackets is still the list of tables.
        this.#levels.push({
          expectsTable: level.expectsTable,
          inFrom: level.expectsTable,
          isFromFunction: fromFunctions.has(this.#word(i - 1)),
        });
        level.expectsTable = false;
        break;
      case ')':
        if (this.#levels.length > 1) this.#levels.pop();
        break;
      case 'from':
        if (!level.isFromFunction && this.#word(i - 1) !== 'distinct') level.expectsTable = level.inFrom = true;
        break;
      case 'join':
        level.expectsTable = true;
        break;
      case ',':
        level.expectsTable = level.inFrom;
        break;
      default:
        if (clauseEnds.has(word)) level.expectsTable = level.inFrom = false;
        else if (/^[a-z_`]/.test(word)) this.#name(i, level);
    }
  }

  #name(i: number, level: Level): void {
    const next = this.#word(i + 1);
    if (next === 'as' && this.#word(i + 2) === '(') {
      this.#ctes.add(this.#plain(i));
    } else if (level.expectsTable) {
      level.expectsTable = false;
      if (next !== '(' && next !== '.') this.#tables.add(this.#plain(i));
    }
  }

  #word(i: number): string {
    return this.#tokens[i]?.toLowerCase() ?? '';
  }

  #plain(i: number): string {
    const word = this.#word(i);
    return word.startsWith('`') ? word.slice(1, -1).replaceAll('``', '`') : word;
  }
}
