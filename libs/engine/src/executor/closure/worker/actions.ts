import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { WrittenFile } from '@kiln/contracts/executor';
import type { LineageAction } from '@kiln/contracts/planner';
import { decode, encodeAll, RecordBuffer } from '../../../records/index.ts';
import type { WorkerOutput } from '../protocol.ts';
import { Combiner } from './combiner.ts';
import { randomNumbers } from './stage.ts';
import { drain, iterate, type Stream } from './stream.ts';
import type { TaskParts } from './task-parts.ts';

/** What an action wants of a partition. Only functions that take a whole partition may be asynchronous. */
export async function runAction(action: LineageAction, stream: Stream, parts: TaskParts): Promise<WorkerOutput> {
  switch (action.type) {
    case 'collect': {
      const buffer = new RecordBuffer();
      drain(stream, (record) => buffer.append(record));
      return { type: 'result', rows: buffer.records, data: buffer.bytes() };
    }
    case 'take':
      return result(take(stream, action.count));
    case 'count': {
      let count = 0;
      drain(stream, () => {
        count++;
      });
      return result([count]);
    }
    case 'foreach-partition':
      await parts.functions.bound(action.function)(iterate(stream));
      return result([]);
    case 'count-by-value':
      return result([...countByValue(stream, parts)]);
    case 'reduce': {
      const reduce = parts.functions.bound(action.function);
      let reduced: unknown[] = [];
      drain(stream, (record) => {
        reduced = [reduced.length === 0 ? record : reduce(reduced[0], record)];
      });
      return result(reduced);
    }
    case 'aggregate': {
      const merge = parts.functions.bound(action.function);
      let state = decode(action.zero);
      drain(stream, (record) => {
        state = merge(state, record);
      });
      return result([state]);
    }
    case 'sample':
      return result([sampled(stream, action, parts.spec.partition)]);
    case 'save-text':
      return { type: 'write', files: [saveText(stream, parts)] };
  }
}

function countByValue(stream: Stream, { localDirs, onEnd }: TaskParts) {
  const sum = (a: unknown, b: unknown) => (a as number) + (b as number);
  const combiner = new Combiner({ create: (one) => one, mergeValue: sum, mergeCombiners: sum }, localDirs);
  onEnd(() => combiner.close());
  drain(stream, (record) => combiner.addValue(record, 1));
  return combiner.pairs();
}

function result(records: readonly unknown[]): WorkerOutput {
  return { type: 'result', rows: records.length, data: encodeAll(records) };
}

/** No more of a stream is pushed than this. */
const enough = Symbol('enough');

function take(stream: Stream, count: number): readonly unknown[] {
  const taken: unknown[] = [];
  if (count === 0) return taken;
  try {
    drain(stream, (record) => {
      taken.push(record);
      if (taken.length === count) throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return taken;
}

/** A sample of at most `count` records, each as likely as any other (Vitter's algorithm R), and how many there were. */
function sampled(stream: Stream, { count, seed }: { count: number; seed: number }, partition: number) {
  const random = randomNumbers(seed + partition * 0x9e3779b9);
  const sample: unknown[] = [];
  let seen = 0;
  drain(stream, (record) => {
    seen++;
    if (sample.length < count) sample.push(record);
    else {
      const at = Math.floor(random() * seen);
      if (at < count) sample[at] = record;
    }
  });
  return [seen, sample];
}

const writeBytes = 1 << 20;

function saveText(stream: Stream, { spec, program }: TaskParts): WrittenFile {
  if (spec.writeDir === null) throw new Error('a task that writes files has no directory');
  mkdirSync(spec.writeDir, { recursive: true });
  const number = program.partitions[spec.partition] ?? spec.partition;
  const path = join(spec.writeDir, `part-${String(number).padStart(5, '0')}`);
  const file = openSync(path, 'w');
  let [rows, bytes, lines] = [0, 0, ''];
  const flush = () => {
    const text = Buffer.from(lines);
    for (let done = 0; done < text.length; ) done += writeSync(file, text, done);
    bytes += text.length;
    lines = '';
  };
  try {
    drain(stream, (record) => {
      lines += `${textOf(record)}\n`;
      rows++;
      if (lines.length >= writeBytes) flush();
    });
    flush();
  } finally {
    closeSync(file);
  }
  return { path, bytes, rows };
}

/** A text as it is, other records as JSON (`bigint`s as their digits). */
export function textOf(record: unknown): string {
  if (typeof record === 'string') return record;
  if (typeof record === 'bigint' || record === undefined) return String(record);
  return JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
