// npm run chaos: breaks clusters of real processes and sees whether jobs give the same rows. See docs/guides/what-is-survived.md.
import { parseArgs } from 'node:util';
import { type Report, runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false } },
});

if (values.list) {
  for (const { name, fixed } of scenarios) console.log(`${name}${fixed ? '' : ' (not in npm test)'}`);
} else {
  const chosen =
    positionals.length === 0
      ? scenarios
      : scenarios.filter(({ name }) => positionals.some((part) => name.includes(part)));
  const reports: Report[] = [];
  for (const scenario of chosen) {
    const report = await runScenario(scenario);
    reports.push(report);
    console.log(
      `${report.verdict.padEnd(7)} ${report.scenario} (${(report.millis / 1000).toFixed(1)} s): ${report.text}`,
    );
  }
  const count = (verdict: Report['verdict']) => reports.filter((report) => report.verdict === verdict).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
}
