import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../bin/kiln.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kiln-launcher-'));

/** A job whose only step is made by a module of this text. */
function jobWith(name: string, module: string): string {
  writeFileSync(join(folder, `${name}.mjs`), module);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `name: ${name}\nsteps: { s: { module: ./${name}.mjs, function: f } }\noutputs: [{ from: s, show: 1 }]\n`,
  );
  return file;
}

/** Runs the command with whatever Node.js is on the path, as npx does. */
async function kiln(
  args: readonly string[],
  onOutput: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
) {
  const child = spawn('node', [launcher, ...args], {
    env: { ...process.env, NODE_OPTIONS: '--max-old-space-size=128' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
    onOutput(stderr, (signal) => child.kill(signal));
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

test.concurrent('starts on any Node.js from 20 on and passes the exit code on', async () => {
  expect(await kiln(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect(await kiln(['nonsense'])).toMatchObject({ code: 2, stdout: '' });
  expect(await kiln(['run', 'no-such-file.yaml'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no such file'),
  });
});

test.concurrent("a job's own code cannot take the process down without a word", async () => {
  const memory = await kiln([
    'run',
    jobWith('memory', 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));'),
  ]);
  expect(memory).toMatchObject({ code: 1, stderr: expect.stringContaining('KILN_JOB_OUT_OF_MEMORY') });
  const exit = await kiln(['run', jobWith('exit', 'process.exit(3)')]);
  expect(exit).toMatchObject({ code: 1, stderr: expect.stringContaining('with exit code 3') });
  const failing = await kiln(['run', jobWith('failing', 'console.log("hello");\nthrow new Error("no luck");')]);
  expect(failing).toMatchObject({
    code: 1,
    stdout: 'hello\n',
    stderr: expect.stringContaining(`because: no luck (${folder}/failing.mjs:2:7)`),
  });
});

test.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a job whose own code blocks its thread',
  async (signal) => {
    const file = jobWith(
      'blocking',
      'console.error("blocked"); await new Promise((done) => setTimeout(done, 50)); for (;;) {}',
    );
    const { code, stderr } = await kiln(['run', file], (text, kill) => {
      if (text.endsWith('blocked\n')) kill(signal);
    });
    expect(code).toBe(130);
    expect(stderr).toBe('blocked\ncancelling; Ctrl-C again ends it at once\ncancelled\n');
  },
);
