// All tests, TypeScript then Rust. The last line is the sum: "N passed, N failed".
//   npm test                     everything
//   npm test -- --ts [filter…]   only vitest, arguments are passed on
//   npm test -- --rust [filter…] only cargo test
import { add, type Counts, describeCounts, NONE, oneFailure } from './counts.ts';
import { runRust } from './rust.ts';
import { runTypeScript } from './typescript.ts';

const MOST_REASONS = 60;
const [first, ...rest] = process.argv.slice(2);
const only = first === '--ts' || first === '--rust' ? first : undefined;
const filters = only ? rest : process.argv.slice(2);

const parts: [string, string, (filters: readonly string[]) => Promise<Counts>][] = [
  ['--ts', 'TypeScript', runTypeScript],
  ['--rust', 'Rust', runRust],
];

// Steps of the set-up that failed before (see tools/bootstrap.mjs).
let total = process.env['KILN_SETUP_FAILED'] ? oneFailure(`set-up: ${process.env['KILN_SETUP_FAILED']}`) : NONE;
const lines: string[] = [];
for (const [flag, name, run] of parts) {
  if (only && only !== flag) continue;
  console.log(`\n== ${name} tests`);
  const started = Date.now();
  const counts = await run(filters);
  lines.push(`${name}: ${describeCounts(counts)} (${Math.round((Date.now() - started) / 1000)} s)`);
  total = add(total, counts);
}
console.log(`\n${lines.join('\n')}`);
for (const reason of total.reasons.slice(0, MOST_REASONS)) console.log(`failed: ${reason}`);
if (total.reasons.length > MOST_REASONS) console.log(`… and ${total.reasons.length - MOST_REASONS} more`);
console.log(describeCounts(total));
// A run that found no test at all is not a success.
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
