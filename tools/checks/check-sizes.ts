import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

/** Lines. A file over the limit has more than one subject: split it. */
const LIMITS = [
  { files: /\.(ts|mts|js|mjs)$/, warn: 450, limit: 600 },
  { files: /\.rs$/, warn: 700, limit: 800 },
] as const;

/** Generated files have no reader. */
const GENERATED = /\.d\.ts$|\.generated\.ts$|\/generated\//;

export function checkSizes(repository: Repository): Problem[] {
  const problems: Problem[] = [];
  for (const file of repository.files) {
    const rule = LIMITS.find(({ files }) => files.test(file));
    if (!rule || GENERATED.test(file)) continue;
    const lines = repository.read(file).split('\n').length - 1;
    if (lines > rule.limit) problems.push({ file, text: `${lines} lines, the limit is ${rule.limit}: split it` });
    else if (lines > rule.warn)
      problems.push({ file, text: `${lines} lines, the limit is ${rule.limit}`, warning: true });
  }
  return problems;
}
