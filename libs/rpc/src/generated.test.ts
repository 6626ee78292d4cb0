import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('what is generated from proto/ is current', () => {
  const package_ = join(import.meta.dirname, '..');
  const fresh = mkdtempSync(join(tmpdir(), 'kiln-proto-'));
  try {
    execFileSync(process.execPath, [join(package_, 'scripts/generate.ts'), fresh]);
    const files = globSync('src/generated/**/*.ts', { cwd: fresh });
    expect(files.sort()).toEqual(globSync('src/generated/**/*.ts', { cwd: package_ }).sort());
    for (const file of files)
      expect(readFileSync(join(package_, file), 'utf8'), 'run "npm run gen" and commit the result').toBe(
        readFileSync(join(fresh, file), 'utf8'),
      );
  } finally {
    rmSync(fresh, { recursive: true });
  }
});
