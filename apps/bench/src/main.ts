import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { type BenchOptions, readOptions, repository, type SectionName } from './options.ts';
import { recoverySection, shuffleSection } from './sections/cluster.ts';
import { emptyTasksSection, firstTaskSection, selectOneSection, wordCountSection } from './sections/small.ts';
import { tpchSection } from './sections/tpch.ts';
import { makeWords } from './words.ts';

const sections: Readonly<Record<SectionName, (options: BenchOptions) => Promise<string>>> = {
  tpch: (options) => withTables(options, () => tpchSection(options, 'local')),
  'select-one': selectOneSection,
  'empty-tasks': emptyTasksSection,
  'word-count': async (options) => {
    makeWords(options.words, 1_000_000_000);
    return wordCountSection(options);
  },
  'tpch-cluster': (options) => withTables(options, () => tpchSection(options, 'cluster')),
  'first-task': firstTaskSection,
  shuffle: (options) => withTables(options, () => shuffleSection(options)),
  recovery: (options) => withTables(options, () => recoverySection(options)),
};

const options = readOptions(process.argv.slice(2));
const report = [
  `Machine: ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB. Made by:`,
  `\`\`\`sh\nnpm run bench -- ${options.command}\n\`\`\``,
];
for (const name of options.only) {
  const section = await sections[name](options);
  process.stdout.write(`${section}\n\n`);
  report.push(section);
}
if (options.output !== null) {
  const head = '# Benchmarks\n\nEngines run one after the other in the same run; take the ratios, not the seconds.';
  writeFileSync(options.output, `${[head, ...report].join('\n\n')}\n`);
}

function withTables<T>(options: BenchOptions, run: () => Promise<T>): Promise<T> {
  makeData(options);
  return run();
}

function makeData({ scale, data }: BenchOptions): void {
  execFileSync(process.execPath, [join(repository, 'tools/native-build/tpch-data.ts'), scale, '8', data], {
    cwd: repository,
    stdio: 'inherit',
  });
}
