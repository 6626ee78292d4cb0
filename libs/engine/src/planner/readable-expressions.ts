/** Expressions of native plans in the words of SQL: `kiln_multiply(c91, c90)` is `(l_price#91 * l_quantity#90)`. */
export function readableExpressions(text: string, names: ReadonlyMap<string, string>): string {
  const named = text
    .replace(/\b(?:Utf8|Utf8View|LargeUtf8)\("((?:[^"\\]|\\.)*)"\)/g, "'$1'")
    .replace(/\b(?:U?Int(?:8|16|32|64)|Float(?:32|64)|Boolean)\(([^()]*)\)/g, '$1')
    .replace(/\bDate32\("([^"]*)"\)/g, "date '$1'")
    .replace(/\bDecimal128\((-?[\d.]+|NULL),\d+,\d+\)/g, '$1')
    .replace(/\b(AS|as) (Decimal128(?=\()|[A-Z]\w+\d+(?:View)?)/g, (_, as: string, type: string) => {
      return `${as} ${sparkTypes[type] ?? type}`;
    })
    .replace(/\b(?:[a-z]+:\/\S*#[0-9a-f]{16}|range)\.(?=\w)/g, '')
    .replace(/\b(\w+)@\d+\b/g, '$1')
    .replace(/\bc(\d+)\b/g, (id, number: string) => {
      const name = names.get(number);
      return name === undefined ? id : `${name}#${number}`;
    });
  return withoutOwnAliases(operators(named));
}

const sparkTypes: Readonly<Record<string, string>> = {
  Int8: 'tinyint',
  Int16: 'smallint',
  Int32: 'int',
  Int64: 'bigint',
  Float32: 'float',
  Float64: 'double',
  Utf8: 'string',
  Utf8View: 'string',
  Date32: 'date',
  Decimal128: 'decimal',
};

/** Names of columns by id, from a resolved plan, which says `name#id`. */
export function columnNames(resolved: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { 0: match, index } of resolved.matchAll(/#\d+\b/g)) {
    const id = match.slice(1);
    if (names.has(id)) continue;
    const name = nameBefore(resolved, index);
    if (name !== '') names.set(id, name);
  }
  return names;
}

/** `revenue` of `.. as revenue#68` and of `Sort revenue#68`; `count(DISTINCT k)` of `count(..) as count(DISTINCT k)#24`. */
function nameBefore(text: string, end: number): string {
  let depth = 0;
  let word = end;
  for (let at = end - 1; at >= 0; at--) {
    const character = text.charAt(at);
    if (character === ')') depth++;
    if (character === '(' && depth-- === 0) break;
    if (depth > 0) continue;
    if (character === '\n' || character === '[' || character === ',') break;
    // A name of several words is behind its `as`.
    if (text.startsWith(' as ', at)) return text.slice(at + 4, end);
    if (character === ' ' && word === end) word = at + 1;
  }
  const single = /[\w.$]+$/.exec(text.slice(0, end))?.[0] ?? '';
  return word === end || text.slice(word, end).endsWith(single) ? single : text.slice(word, end);
}

const infix: Readonly<Record<string, string>> = {
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  remainder: '%',
};

/** Calls of our own functions as operators and casts, innermost last. */
function operators(text: string): string {
  const call = /\bkiln_(\w+)\(/.exec(text);
  if (call === null) return text;
  const [, name = ''] = call;
  const open = call.index + call[0].length;
  const end = closing(text, open);
  const before = text.slice(0, call.index);
  const after = text.slice(end + 1);
  const parts = topLevelParts(text.slice(open, end)).map(operators);
  return `${before}${callText(name, parts)}${operators(after)}`;
}

function callText(name: string, parts: readonly string[]): string {
  const [first = '', second = ''] = parts;
  if (infix[name] !== undefined && parts.length === 2) return `(${first} ${infix[name]} ${second})`;
  if (name === 'cast' || name === 'convert') return `cast(${first})`;
  if (name === 'scalar_subquery') return `subquery ${first}`;
  return `${name}(${parts.join(', ')})`;
}

/** Where the parenthesis that was opened before `from` closes. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return at;
  }
  return text.length;
}

/** Parts between commas that are in no bracket. */
export function topLevelParts(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    if (character !== ',' || depth > 0) continue;
    parts.push(text.slice(start, at).trim());
    start = at + 1;
  }
  const last = text.slice(start).trim();
  return last === '' && parts.length === 0 ? [] : [...parts, last];
}

/** `a#1 as a#1` is `a#1`. */
function withoutOwnAliases(text: string): string {
  return text.replace(/(^|[[( ,])([^\s,[\]()]+) as \2(?=$|[\]),])/gi, '$1$2');
}
