import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFrame, Session, type SessionOptions } from '@kiln/client';
import { EventRecorder } from '@kiln/testing';
import { afterEach, beforeEach, expect } from 'vitest';
import { fixturePlugin } from './paths.ts';
import { listeningPorts, processesWith } from './traces.ts';

/** A folder and sessions of one test; all are gone after it, and with them their processes, ports and local files. */
export class TestEngine {
  #directory = '';
  #sessions: Session[] = [];
  #ports: readonly number[] = [];
  #open: (() => unknown)[] = [];
  /** Of the session started last. */
  recorder = new EventRecorder();

  constructor() {
    beforeEach(() => {
      this.#directory = mkdtempSync(join(tmpdir(), 'kiln-e2e-'));
      this.#ports = listeningPorts();
    });
    afterEach(async () => {
      const sessions = this.#sessions.splice(0);
      for (const session of sessions) await session.stop();
      try {
        for (const close of this.#open.splice(0)) await close();
        const applications = sessions.map((session) => session.appId);
        await expectNoTrace(applications, this.#ports);
        if (existsSync(this.localDir)) expect(filesUnder(this.localDir)).toEqual([]);
      } finally {
        rmSync(this.#directory, { recursive: true, force: true });
      }
    });
  }

  /** Closes something of the test after its sessions are stopped. */
  onEnd(close: () => unknown): void {
    this.#open.push(close);
  }

  path(...parts: readonly string[]): string {
    return join(this.#directory, ...parts);
  }

  /** `spark.local.dir`. */
  get localDir(): string {
    return this.path('local');
  }

  /** A session with two slots, the slow source and local files in a folder of their own. */
  async start(options: SessionOptions = {}): Promise<Session> {
    mkdirSync(this.localDir, { recursive: true });
    const session = await Session.create({
      master: 'local[2]',
      ...options,
      plugins: options.plugins ?? [fixturePlugin('slow-source')],
      conf: { 'spark.local.dir': this.localDir, ...options.conf },
    });
    this.#sessions.push(session);
    this.recorder = new EventRecorder();
    session.listen(this.recorder);
    return session;
  }
}

/** `splits * chunks * 10` numbers, `delay` ms for every ten. */
export function slowNumbers(
  session: Session,
  options: {
    splits: number;
    chunks: number;
    delay: number;
    failing?: number;
    failures?: number;
    hold?: number;
    stuck?: number;
    stuckFor?: number;
    hosts?: string;
    shifts?: number;
  },
) {
  return session.read.format('slow').options(options).load('numbers') as DataFrame<{ n: number }>;
}

/** Nothing runs and nothing is reserved; shuffles that are kept may stay. */
export async function expectNothingRuns(session: Session): Promise<void> {
  const idle = { liveTasks: 0, reservedBytes: 0, temporaryFiles: 0, programs: 0 };
  await expect.poll(() => session.usage(), { timeout: 5_000 }).toMatchObject(idle);
}

/** Nothing is left at all. */
export async function expectNothingLeft(session: Session): Promise<void> {
  const nothing = {
    liveTasks: 0,
    reservedBytes: 0,
    storageBytes: 0,
    diskBytes: 0,
    temporaryFiles: 0,
    mapOutputs: 0,
    programs: 0,
    sharedBuilds: 0,
  };
  await expect.poll(() => session.usage(), { timeout: 10_000 }).toEqual(nothing);
}

/** Files at any depth; folders do not count. */
export function filesUnder(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What an action that must fail fails with. */
export async function failureOf(
  action: Promise<unknown>,
): Promise<Error & { code: string; concerns: Record<string, string>; cause?: Error & { code: string } }> {
  try {
    await action;
  } catch (error) {
    return error as never;
  }
  throw new Error('it did not fail');
}

/** No process of these applications is left, and this process listens at no port that was not open before. */
async function expectNoTrace(applicationIds: readonly string[], portsBefore: readonly number[]): Promise<void> {
  const left = () => ({
    processes: applicationIds.flatMap((id) => processesWith(id)).filter(({ pid }) => pid !== process.pid),
    ports: listeningPorts().filter((port) => !portsBefore.includes(port)),
  });
  await expect.poll(left, { timeout: 20_000 }).toEqual({ processes: [], ports: [] });
}
