// npm run chaos: breaks clusters of real processes and sees whether jobs give the same rows. See docs/reference/faults.md.
import { parseArgs } from 'node:util';
import { randomScenario } from './random.ts';
import { type Report, runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

const usage = `usage: npm run chaos -- [--list] [name...]            named scenarios: all, or those whose names contain a word
       npm run chaos -- --seed N --minutes M           scenarios drawn by lot, for M minutes
       npm run chaos -- --seed N --round R             one of them again`;

interface Options {
  readonly names: readonly string[];
  readonly list: boolean;
  readonly seed: number | undefined;
  readonly minutes: number;
  readonly round: number | undefined;
}

function readOptions(): Options {
  const { values, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      round: { type: 'string' },
    },
  });
  const number = (name: 'seed' | 'minutes' | 'round') => {
    const value = values[name];
    if (value !== undefined && !/^\d+(\.\d+)?$/.test(value)) throw new Error(`--${name} ${value} is no number`);
    return value === undefined ? undefined : Number(value);
  };
  const [seed, round, minutes] = [number('seed'), number('round'), number('minutes')];
  // A run without a seed has one of its own, which is printed.
  const drawn = round !== undefined || minutes !== undefined ? Date.now() % 1_000_000 : undefined;
  return { names, list: values.list, seed: seed ?? drawn, round, minutes: minutes ?? 10 };
}

async function run(options: Options): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const report = async (prefix: string, one: Promise<Report>) => {
    const { verdict, scenario, text, millis } = await one;
    console.log(`${prefix}${verdict.padEnd(7)} ${scenario} (${(millis / 1000).toFixed(1)} s): ${text}`);
    reports.push(await one);
  };
  const { seed, names, minutes } = options;
  if (seed === undefined) {
    const isChosen = (name: string) => names.length === 0 || names.some((part) => name.includes(part));
    for (const scenario of scenarios.filter(({ name }) => isChosen(name))) await report('', runScenario(scenario));
    return reports;
  }
  console.log(`seed ${seed}`);
  const end = Date.now() + minutes * 60_000;
  let round = options.round ?? 0;
  do await report(`round ${round}: `, runScenario(randomScenario(seed, round++)));
  while (options.round === undefined && Date.now() < end);
  return reports;
}

function main(): Promise<readonly Report[]> | undefined {
  try {
    const options = readOptions();
    if (!options.list) return run(options);
    for (const { name, fixed } of scenarios) console.log(`${name}${fixed ? '' : ' (not in npm test)'}`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}

const reports = await main();
if (reports !== undefined) {
  const count = (verdict: Report['verdict']) => reports.filter((report) => report.verdict === verdict).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
}
