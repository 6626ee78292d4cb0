import { closeSync, ftruncateSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import type { EngineEvent } from '@kiln/contracts';
import { filesUnder } from './residue.ts';
import type { RunLog } from './run-log.ts';
import type { Damage, Victim, What, When } from './scenario.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Says of each event, in order, whether it is the one, or one of those. */
export function trigger({ event: type, nth = 1, every, ...rest }: When, log: RunLog): (event: EngineEvent) => boolean {
  let seen = 0;
  return (event) => {
    if (event.type !== type || !isLike(event, rest, log)) return false;
    seen++;
    return seen === nth || (every !== undefined && seen > nth && (seen - nth) % every === 0);
  };
}

function isLike(event: EngineEvent, { stage, executor, speculative }: Partial<When>, log: RunLog): boolean {
  if (stage !== undefined && log.kindOf(event) !== stage) return false;
  if (executor !== undefined && executorOf('executor of the event', event) !== executor) return false;
  return speculative === undefined || ('task' in event && event.task.speculative === speculative);
}

/** Breaks something. Errors: it was not there to be broken. */
export async function perform(what: What, event: EngineEvent, world: World): Promise<void> {
  if ('signal' in what) {
    for (const pid of victims(what.to, event, world)) process.kill(pid, what.signal);
    if (what.signal === 'SIGKILL') await lossOf(what.to, event, world);
  } else if ('damage' in what) damage(what.damage, what.files ?? 1, world);
  else if ('way' in what) world.proxy[what.way]();
  else if ('disk' in what) world.disk(what.disk)[what.becomes === 'full' ? 'fill' : 'makeReadOnly']();
  else if ('cancel' in what) world.driver.cancel();
  else if (what.start === 'master') await world.cluster.startMaster();
  else await world.cluster.startWorker();
}

function victims(victim: Victim, event: EngineEvent, world: World): readonly number[] {
  if (victim === 'all executors') return world.executorPids();
  if (victim === 'driver') return [world.driver.pid];
  if (victim === 'master') return [world.cluster.masterPid];
  const worker = /^worker (\d+)$/.exec(victim)?.[1];
  if (worker !== undefined) return [world.cluster.workerPid(Number(worker))];
  const id = executorOf(victim, event);
  if (id === undefined) throw new Error(`cannot signal the ${victim}`);
  return [world.pidOf(id)];
}

function executorOf(victim: Victim, event: EngineEvent): string | undefined {
  if (victim === 'executor of the event') {
    if ('task' in event) return event.task.executorId;
    return 'executorId' in event ? (event.executorId ?? undefined) : undefined;
  }
  return /^executor (\d+)$/.exec(victim)?.[1];
}

/** A fault has happened when the driver knows, so that a job whose second part follows finds it done. */
async function lossOf(victim: Victim, event: EngineEvent, { log }: World): Promise<void> {
  const id = executorOf(victim, event);
  if (id !== undefined)
    await until(`executor ${id} is lost`, 30_000, () => log.lostExecutors.includes(id) || undefined);
}

function damage(how: Damage, files: number | 'all', { localDirs }: World): void {
  const there = localDirs.flatMap(filesUnder).filter((file) => file.endsWith('.kshf'));
  const chosen = files === 'all' ? there : there.slice(0, files);
  if (chosen.length === 0) throw new Error('there are no shuffle files');
  for (const file of chosen) damages[how](file);
}

const damages: Readonly<Record<Damage, (file: string) => void>> = {
  delete: (file) => rmSync(file),
  truncate: (file) => rewrite(file, (handle, bytes) => ftruncateSync(handle, Math.floor(bytes / 2))),
  // In the middle, where rows are.
  'flip-bit': (file) => rewrite(file, (handle, bytes) => flip(handle, Math.floor(bytes / 2))),
  // The index stands at the end.
  'cut-index': (file) => rewrite(file, (handle, bytes) => ftruncateSync(handle, bytes - 7)),
};

function rewrite(file: string, change: (handle: number, bytes: number) => void): void {
  const { size } = statSync(file);
  const handle = openSync(file, 'r+');
  try {
    change(handle, size);
  } finally {
    closeSync(handle);
  }
}

function flip(handle: number, at: number): void {
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, at);
  byte.writeUInt8(byte.readUInt8() ^ 0b1000);
  writeSync(handle, byte, 0, 1, at);
}
