import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Settings } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseTable, readTopology, ScriptTopology } from './topology.ts';

let folder: string;
const warnings: string[] = [];
const log = (_fields: unknown, message: string) => void warnings.push(message);
const logger: Logger = { debug: log, info: log, warn: log, error: log };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-topology-'));
  warnings.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const topologyOf = (conf: Record<string, string>) => readTopology(Settings.from(conf).settings, logger);

test('nothing is set: no host has a rack, and none is asked for', async () => {
  expect((await topologyOf({})).rackOf('a')).toBeNull();
});

test('a table', async () => {
  const file = join(folder, 'table');
  writeFileSync(file, '# of the house\na /r1\n\n  b\t/r2 # new\r\n');
  const topology = await topologyOf({ 'spark.hadoop.net.topology.table.file.name': file });
  expect(['a', 'b', 'c'].map((host) => topology.rackOf(host))).toEqual(['/r1', '/r2', null]);
});

test('a table that cannot be read or used is an error', async () => {
  const conf = { 'spark.hadoop.net.topology.table.file.name': join(folder, 'none') };
  await expect(topologyOf(conf)).rejects.toMatchObject({ code: 'KILN_TOPOLOGY' });
  expect(() => parseTable('a /r1\nb', 't')).toThrow("Line 2 of 't'");
});

test('any text is a table or a clear error', () => {
  return fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
      try {
        parseTable(text, 't');
      } catch (error) {
        expect(error).toMatchObject({ code: 'KILN_TOPOLOGY' });
      }
    }),
  );
});

test('a script is called with hosts and prints a rack for each', { timeout: 60_000 }, async () => {
  const script = join(folder, 'racks.sh');
  writeFileSync(script, '#!/bin/sh\nfor host in "$@"; do echo "/rack-$host"; done\n');
  chmodSync(script, 0o755);
  const topology = await topologyOf({ 'spark.hadoop.net.topology.script.file.name': script });
  expect(topology.rackOf('a')).toBeUndefined();
  await topology.resolve(['a', 'b']);
  expect([topology.rackOf('a'), topology.rackOf('b')]).toEqual(['/rack-a', '/rack-b']);
});

test('a script that fails leaves hosts without racks, and says so', { timeout: 60_000 }, async () => {
  const topology = await topologyOf({ 'spark.hadoop.net.topology.script.file.name': join(folder, 'none') });
  await topology.resolve(['a']);
  expect(topology.rackOf('a')).toBeNull();
  expect(warnings).toHaveLength(1);
});

test('each host is asked for once, few in a call; too few answers count as none', async () => {
  const calls: string[][] = [];
  const ask = async (hosts: readonly string[]) => {
    calls.push([...hosts]);
    return hosts.includes('c') ? ['/only-one', '/and-another'] : hosts.map(() => '/r');
  };
  const topology = new ScriptTopology(ask, 2, logger);
  await Promise.all([topology.resolve(['a', 'b', 'c']), topology.resolve(['b', 'a'])]);
  await topology.resolve(['a']);
  expect(calls).toEqual([['a', 'b'], ['c']]);
  expect([topology.rackOf('a'), topology.rackOf('c')]).toEqual(['/r', null]);
});
