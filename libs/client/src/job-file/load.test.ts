import { describe, expect, test } from 'vitest';
import { type LoadOptions, parseJob } from './load.ts';

const outputs = 'outputs: [{ from: a, show: 1 }]';
const minimal = `name: x\nsources: { a: { format: csv, path: a.csv } }\n${outputs}`;
const options: LoadOptions = { env: { DATA: '/data', ROWS: '7' } };

function problems(text: string, more: LoadOptions = {}): string {
  try {
    parseJob('job.yaml', text, { ...options, ...more });
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a good job file', () => {
  test('has its steps in order of need, however they are written', () => {
    const job = parseJob(
      'job.yaml',
      `
name: flights-by-state
engine:
  master: local[*]
  conf: { spark.sql.session.timeZone: UTC, spark.sql.shuffle.partitions: 8 }
  plugins: [ { package: '@acme/deadline-scheduler', config: { weight: 2 } } ]
sources:
  flights:  { format: parquet, path: data/flights-3m.parquet }
  airports: { format: csv, path: data/airports.csv, options: { header: true, inferSchema: true } }
steps:
  top:  { module: ./steps.ts, function: top, inputs: [late], args: { n: 10 } }
  late: { sql: "select a.state, count(*) as flights from flights f join airports a on f.origin = a.iata group by a.state" }
outputs:
  - { from: top, show: 10 }
  - { from: late, format: parquet, path: out/late, mode: overwrite }
`,
    );
    expect(job.order).toEqual(['late', 'top']);
    expect(job.definition.engine?.conf).toEqual({
      'spark.sql.session.timeZone': 'UTC',
      'spark.sql.shuffle.partitions': 8,
    });
  });

  test('variables and arguments take the place of values', () => {
    const text = `
name: "\${NAME:-nightly}"
engine: { conf: { spark.app.x: 1 } }
sources: { a: { format: csv, path: "\${DATA}/a.csv", options: { sep: "$\${x}" } } }
outputs:
  - from: a
    show: \${ROWS}
`;
    const set = [
      'engine.conf.spark.sql.shuffle.partitions=4',
      'outputs.0.truncate=0',
      'sources.a.schema=id bigint, name string',
    ];
    expect(parseJob('job.yaml', text, { ...options, set }).definition).toEqual({
      name: 'nightly',
      engine: { conf: { 'spark.app.x': 1, 'spark.sql.shuffle.partitions': 4 } },
      sources: {
        a: { format: 'csv', path: '/data/a.csv', options: { sep: `\${x}` }, schema: 'id bigint, name string' },
      },
      outputs: [{ from: 'a', show: 7, truncate: 0 }],
    });
    expect(parseJob('job.yaml', minimal, { set: [`name=\${HOME}`], env: { HOME: '/root' } }).definition.name).toBe(
      '/root',
    );
  });
});

describe('a wrong job file says', () => {
  test('all problems at once, each with its place and the nearest word', () => {
    expect(
      problems(`name: x
engine:
  mastre: local[2]
sources:
  a: { format: csv, path: 5 }
  2b: { format: csv, path: b }
steps:
  s: { sqll: select 1 }
  m: { module: ./m.ts, functions: f }
outputs:
  - { from: a, format: csv, path: out, mode: overwrit }
  - { from: a, show: ten }
  - { from: a }
  - { from: a, sow: 1 }
`),
    ).toMatchInlineSnapshot(`
      "job.yaml has 9 problems.

      job.yaml:3:3: "mastre" is not known in "engine".
        3 |   mastre: local[2]
          |   ^
        Did you mean "master"?

      job.yaml:5:27: a text or a list is wanted here, not 5.
        5 |   a: { format: csv, path: 5 }
          |                           ^

      job.yaml:6:3: "2b" cannot be a name: a name has letters, digits, "_" and "-", and begins with a letter.
        6 |   2b: { format: csv, path: b }
          |   ^

      job.yaml:8:8: "sqll" is not known in step "s".
        8 |   s: { sqll: select 1 }
          |        ^
        Did you mean "sql"?

      job.yaml:9:24: "functions" is not known in step "m".
        9 |   m: { module: ./m.ts, functions: f }
          |                        ^
        Did you mean "function"?

      job.yaml:11:46: "overwrit" is not one of error, overwrite, append, ignore.
        11 |   - { from: a, format: csv, path: out, mode: overwrit }
           |                                              ^
        Did you mean "overwrite"?

      job.yaml:12:22: a number is wanted here, not "ten".
        12 |   - { from: a, show: ten }
           |                      ^

      job.yaml:13:5: an output needs "show", or "format" and "path".
        13 |   - { from: a }
           |     ^

      job.yaml:14:16: "sow" is not known in output 4.
        14 |   - { from: a, sow: 1 }
           |                ^
        Did you mean "show"?"
    `);
  });

  test('names that lead nowhere, twice somewhere or in a circle', () => {
    expect(
      problems(`name: x
sources:
  flights: { format: csv, path: a.csv }
steps:
  Flights: { sql: select 1 }
  a: { sql: select * from b }
  b: { module: ./m.ts, function: f, inputs: [c, nobody] }
  c: { sql: "with d as (select 1) select * from d, a" }
outputs:
  - { from: fligths, show: 1 }
`),
    ).toMatchInlineSnapshot(`
      "job.yaml has 4 problems.

      job.yaml:5:3: the name "Flights" is taken already, by sources.flights.
        5 |   Flights: { sql: select 1 }
          |   ^

      job.yaml:6:3: steps need each other in a circle: a -> b -> c -> a.
        6 |   a: { sql: select * from b }
          |   ^

      job.yaml:7:49: "nobody" is not the name of a source or step.
        7 |   b: { module: ./m.ts, function: f, inputs: [c, nobody] }
          |                                                 ^
        There are: flights, Flights, a, b, c.

      job.yaml:10:13: "fligths" is not the name of a source or step.
        10 |   - { from: fligths, show: 1 }
           |             ^
        Did you mean "flights"?"
    `);
  });

  test('what YAML does not allow', () => {
    expect(problems(`name: x\nname: y\n${outputs}`)).toMatchInlineSnapshot(`
      "job.yaml:2:1: map keys must be unique.
        2 | name: y
          | ^"
    `);
    expect(problems('name: [x')).toMatchInlineSnapshot(`
      "job.yaml:1:9: flow sequence in block collection must be sufficiently indented and end with a ].
        1 | name: [x
          |         ^"
    `);
    expect(problems(minimal.replace('a.csv', `\${DATA}/a.csv`))).toMatchInlineSnapshot(`
      "job.yaml has 2 problems.

      job.yaml:2:37: unexpected flow-map-start at node end.
        2 | sources: { a: { format: csv, path: \${DATA}/a.csv } }
          |                                     ^
        Within { } and [ ], write "\${NAME}" in quotes.

      job.yaml:3:1: unexpected scalar token in YAML stream: "outputs".
        3 | outputs: [{ from: a, show: 1 }]
          | ^"
    `);
    expect(problems('')).toMatchInlineSnapshot(`"job.yaml: the file is empty."`);
  });

  test('variables that are not set and arguments that mean nothing', () => {
    expect(problems(minimal.replace('a.csv', `"\${NOWHERE}/a.csv"`))).toMatchInlineSnapshot(`
      "job.yaml:2:37: the environment variable NOWHERE is not set.
        2 | sources: { a: { format: csv, path: "\${NOWHERE}/a.csv" } }
          |                                     ^
        Set it, or give a default: \${NOWHERE:-...}"
    `);
    expect(problems(minimal, { set: ['engine.mastre=x', 'outputs.0.show=-1'] })).toMatchInlineSnapshot(`
      "job.yaml has 2 problems.

      --set engine.mastre=x: "mastre" is not known in "engine".
        Did you mean "master"?

      --set outputs.0.show=-1: -1 is too small: it must be more than 0."
    `);
    expect(problems(minimal, { set: ['nonsense', 'outputs.7.show=1'] })).toMatchInlineSnapshot(`
      "job.yaml has 2 problems.

      --set nonsense: "nonsense" is not of the form path=value, for example engine.master=local[2].

      --set outputs.7.show=1: "outputs.7" leads nowhere: the list has 1 element."
    `);
  });
});
