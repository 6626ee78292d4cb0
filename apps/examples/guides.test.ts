import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const repository = join(import.meta.dirname, '../..');
const scratch = join(repository, 'tmp');

/** A block of a guide: ```language file, or ```language. */
interface Block {
  readonly language: string;
  readonly file: string;
  readonly text: string;
}

function blocksOf(guide: string): Block[] {
  const text = readFileSync(join(repository, 'docs/guides', guide), 'utf8');
  return [...text.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(([, language = '', file = '', body = '']) => {
    return { language, file, text: body };
  });
}

/** As a user's shell, with this repository in the place of what npm would install. */
function shell(script: string, cwd: string): string {
  const { env } = process;
  const bin = join(repository, 'node_modules', '.bin');
  const own = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|FORCE_COLOR)/i.test(name)),
  );
  return execFileSync('bash', ['-e', '-c', script.replaceAll('npx ', '')], {
    cwd,
    encoding: 'utf8',
    // The secret of a cluster is made in the user's folder.
    env: { ...own, NO_COLOR: '1', HOME: cwd, PATH: [bin, env['PATH']].join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
}

/** The port in the guides; the tests use one that is free. */
const guidePort = '7077';
let ownPort = '';
beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  ownPort = String((server.address() as AddressInfo).port);
  server.close();
});

/** What a guide has started in the background and, when a test failed, not stopped: it writes the numbers into files. */
async function endProcesses(folder: string): Promise<void> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.pid'))) {
    const pid = Number(readFileSync(join(folder, file), 'utf8'));
    const isThere = () => {
      try {
        return process.kill(pid, 'SIGTERM');
      } catch {
        return false;
      }
    };
    for (let tries = 0; tries < 200 && isThere(); tries++) await sleep(100);
  }
}

/** Does what a guide says: writes its files, runs its commands, and holds what they print against what it shows. */
describe.each([
  'write-a-job.md',
  'rdds.md',
  'submit-an-application.md',
  'run-a-cluster.md',
  'compose-an-engine.md',
  'scheduling.md',
  'write-a-plugin.md',
])('the guide %s', (guide) => {
  let folder: string;
  const blocks = blocksOf(guide);
  // Within the repository, where packages are found.
  beforeAll(() => {
    mkdirSync(scratch, { recursive: true });
    folder = mkdtempSync(join(scratch, 'guide-'));
    for (const { file, text } of blocks.filter((block) => block.file !== '')) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
  });
  afterAll(async () => {
    await endProcesses(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  const commands = blocks.flatMap((block, index) =>
    block.language === 'sh' ? [{ block, next: blocks[index + 1] }] : [],
  );

  test.each(commands.map(({ block, next }) => [block.text.trim(), next] as const))('%s', (script, next) => {
    const printed = shell(script.replaceAll(guidePort, ownPort), folder);
    if (next?.language === 'text') expect(printed.trim()).toBe(next.text.trim().replaceAll(guidePort, ownPort));
  });
});
