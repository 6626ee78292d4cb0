import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from './child-process.ts';

let folder: string;
const children: Child[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-launcher-'));
});
afterAll(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map(({ exited }) => exited));
  rmSync(folder, { recursive: true });
});

const start = (name: string, code: string, directory?: string) => {
  const main = join(folder, `${name}.mjs`);
  writeFileSync(main, code);
  const child = startChild({
    args: [main],
    environment: { GREETING: 'hello' },
    ...(directory === undefined ? {} : { directory }),
  });
  children.push(child);
  return child;
};

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a child process', () => {
  it('works in its directory, with its output in files, and tells how it ended', async () => {
    const directory = join(folder, 'a/b');
    const code = "console.log(process.env.GREETING, process.cwd()); console.error('a\\nb'); process.exit(3)";
    expect(await start('fails', code, directory).exited).toEqual({
      code: 3,
      signal: null,
      wanted: false,
      reason: 'the process ended with exit code 3; it wrote last:\na\nb',
    });
    expect(readFileSync(join(directory, 'stdout'), 'utf8')).toBe(`hello ${directory}\n`);
  });

  it('shows the end of what it wrote also without a directory', async () => {
    const { reason } = await start('pipes', "process.stderr.write('no end of line'); process.exitCode = 1").exited;
    expect(reason).toBe('the process ended with exit code 1; it wrote last:\nno end of line');
  });

  it('that does not stop is killed, with what it has started', async () => {
    const directory = join(folder, 'stubborn');
    const grandchild = join(folder, 'grandchild.mjs');
    writeFileSync(grandchild, 'setInterval(() => {}, 1000)');
    const code = `
      import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => {});
      const child = spawn(process.execPath, [${JSON.stringify(grandchild)}], { stdio: 'ignore' });
      child.on('spawn', () => console.log(child.pid));
      setInterval(() => {}, 1000);`;
    const child = start('stubborn', code, directory);
    await expect.poll(() => readFileSync(join(directory, 'stdout'), 'utf8'), { timeout: 10_000 }).toMatch(/^\d+\n$/);
    const pid = Number(readFileSync(join(directory, 'stdout'), 'utf8'));
    expect(await child.stop(50)).toMatchObject({ signal: 'SIGKILL', wanted: true });
    await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false);
  });

  it('that cannot be started has exited', async () => {
    writeFileSync(join(folder, 'file'), '');
    const child = start('nowhere', '', join(folder, 'file/below'));
    expect(child.pid).toBeUndefined();
    expect((await child.exited).reason).toMatch(/^the process could not be started: ENOTDIR/);
  });
});

it('a child learns that its parent was killed', async () => {
  const launcher = new URL('../dist/index.js', import.meta.url).href;
  const [mark, ready] = [join(folder, 'orphaned'), join(folder, 'ready')];
  const child = join(folder, 'child.mjs');
  writeFileSync(
    child,
    `import { whenParentIsGone } from '${launcher}';
    import { writeFileSync } from 'node:fs';
    const timer = setInterval(() => {}, 1000);
    whenParentIsGone(() => { writeFileSync(${JSON.stringify(mark)}, ''); clearInterval(timer); });
    writeFileSync(${JSON.stringify(ready)}, '');`,
  );
  const parentMain = join(folder, 'parent.mjs');
  const options = JSON.stringify({ args: [child], environment: {}, directory: join(folder, 'work') });
  writeFileSync(
    parentMain,
    `import { startChild } from '${launcher}'; startChild(${options}); setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, [parentMain], { stdio: 'inherit' });
  await expect.poll(() => existsSync(ready), { timeout: 10_000 }).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await expect.poll(() => existsSync(mark), { timeout: 10_000 }).toBe(true);
});
