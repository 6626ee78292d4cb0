// What a package exports is what it has: each room's door, no more and no less.
import { posix } from 'node:path';
import { workspacePackages } from './packages.ts';
import type { Problem } from './problem.ts';
import type { Repository } from './repository.ts';

export function checkExports(repository: Repository): Problem[] {
  const problems: Problem[] = [];
  for (const { folder, exports } of workspacePackages(repository)) {
    const doors = repository.files.filter((file) => file.startsWith(`${folder}/src/`));
    for (const entry of exports.filter((each) => !each.endsWith('package.json'))) {
      const door = posix.join(folder, 'src', entry, 'index.ts');
      if (folder !== 'native/addon' && !doors.includes(door))
        problems.push({ file: `${folder}/package.json`, text: `exports "${entry}" but there is no ${door}` });
    }
  }
  return problems;
}
