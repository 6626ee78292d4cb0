import { executorId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import { MiB, ScriptedMaster } from './test-support/scripted-master.ts';

describe('executors of applications', () => {
  it('are launched when application and workers are there, and granted when they run', () => {
    const master = new ScriptedMaster();
    expect(master.application('a', { total: 2 })).toEqual(['a: waiting: no worker has registered with the master']);
    expect(master.worker('w1', 1)).toEqual(['w1: launch a/0, 1 cores', 'a: waiting: null']);
    expect(master.worker('w2', 4)).toEqual(['w2: launch a/1, 1 cores']);
    expect(master.runs('w1', 'a/0')).toEqual(['a: granted 0 on host-w1']);
    expect(master.runs('w2', 'a/1')).toEqual(['a: granted 1 on host-w2']);
  });

  it('take all cores of a worker when spark.executor.cores is not set', () => {
    const master = new ScriptedMaster();
    master.worker('w1', 3);
    master.worker('w2', 5);
    expect(master.application('a', { cores: null })).toEqual(['w2: launch a/0, 5 cores', 'w1: launch a/1, 3 cores']);
  });

  it('of several applications share by core limits, first come first served', () => {
    const master = new ScriptedMaster({ defaultCores: 3 });
    master.worker('w1', 4);
    expect(master.application('a', { maxCores: 2 })).toEqual(['w1: launch a/0, 1 cores', 'w1: launch a/1, 1 cores']);
    expect(master.application('b')).toEqual(['w1: launch b/0, 1 cores', 'w1: launch b/1, 1 cores']);
    expect(master.application('c')).toEqual([
      'c: waiting: all workers are busy: none of 1 worker has 1 core and 1024 MiB free',
    ]);
    expect(master.application('d')).toHaveLength(1);
    // b goes before c, up to its limit; c before d.
    expect(master.exits('w1', 'a/0', 'ended')).toContain('w1: launch a/2, 1 cores');
    expect(master.step({ type: 'application-ended', applicationId: 'a', outcome: 'finished' })).toEqual([
      ...['w1: end a/1', 'w1: end a/2', 'w1: forget a', 'a: ended finished: '],
    ]);
    // They take their room until they are gone.
    expect(master.exits('w1', 'a/1', 'ended')).toEqual(['w1: launch b/2, 1 cores']);
    expect(master.exits('w1', 'a/2', 'ended')).toEqual(['w1: launch c/0, 1 cores', 'c: waiting: null']);
  });

  it('that fit nowhere are explained', () => {
    const master = new ScriptedMaster();
    master.worker('w1', 2, 2048);
    expect(master.application('a', { cores: 4, memory: 4096 })).toEqual([
      'a: waiting: an executor of 4 cores and 4096 MiB fits on none of 1 worker; the most a worker has: 2 cores and 2048 MiB',
    ]);
    expect(master.application('b', { cores: 2, maxCores: 1 })).toEqual([
      'b: waiting: it may have 1 cores (spark.cores.max), and each executor wants 2 (spark.executor.cores)',
    ]);
  });

  it('follow the total that is wanted, and end only when they are released', () => {
    const master = new ScriptedMaster();
    master.worker('w1', 4);
    master.application('a', { total: 1 });
    const wants = { total: 3, cores: 1, memoryBytes: 1024 * MiB, placementHints: {} };
    expect(master.step({ type: 'executors-wanted', applicationId: 'a', wants })).toEqual([
      'w1: launch a/1, 1 cores',
      'w1: launch a/2, 1 cores',
    ]);
    expect(master.step({ type: 'executors-wanted', applicationId: 'a', wants: { ...wants, total: 1 } })).toEqual([]);
    const released = [executorId('1'), executorId('2')];
    expect(master.step({ type: 'executors-released', applicationId: 'a', executors: released })).toEqual([
      'w1: end a/1',
      'w1: end a/2',
    ]);
    expect(master.exits('w1', 'a/1', 'ended', 'released')).toEqual(['a: exited 1: released']);
  });

  it('go where tasks would like them', () => {
    const master = new ScriptedMaster();
    for (const id of ['w1', 'w2', 'w3']) master.worker(id, 4);
    expect(master.application('a', { total: 1, hints: { 'host-w2': 7 } })).toEqual(['w2: launch a/0, 1 cores']);
  });
});

describe('executors that fail', () => {
  it('are replaced, elsewhere first', () => {
    const master = new ScriptedMaster();
    master.worker('w1', 8);
    master.worker('w2', 4);
    master.application('a', { total: 1 });
    master.runs('w1', 'a/0');
    expect(master.exits('w1', 'a/0')).toEqual(['a: exited 0 by its fault: exit code 1', 'w2: launch a/1, 1 cores']);
  });

  it('in a row end the application, once none is left running', () => {
    const master = new ScriptedMaster({ maxExecutorRetries: 3 });
    master.worker('w1', 1);
    master.application('a', { total: 1 });
    master.exits('w1', 'a/0');
    // That a process starts proves nothing.
    master.runs('w1', 'a/1');
    master.exits('w1', 'a/1');
    expect(master.exits('w1', 'a/2')).toEqual([
      'a: exited 2 by its fault: exit code 1',
      'w1: forget a',
      'a: ended failed: 3 executors failed in a row, the last one: exit code 1',
    ]);
    expect(master.core.status().applications).toMatchObject([{ id: 'a', state: 'failed', executors: 0 }]);
  });

  it('after a minute of work begin the count anew', () => {
    const master = new ScriptedMaster({ maxExecutorRetries: 2, workerTimeoutMillis: 1e9 });
    master.worker('w1', 1);
    master.application('a', { total: 1 });
    for (let executor = 0; executor < 5; executor++) {
      master.runs('w1', `a/${executor}`);
      master.after(60_000);
      expect(master.exits('w1', `a/${executor}`)).toContain(`w1: launch a/${executor + 1}, 1 cores`);
    }
  });

  it('may fail for ever with -1, and never count when they were asked to end', () => {
    const master = new ScriptedMaster({ maxExecutorRetries: -1 });
    master.worker('w1', 1);
    master.application('a', { total: 1 });
    for (let executor = 0; executor < 50; executor++) master.exits('w1', `a/${executor}`);
    expect(master.core.status().applications[0]?.state).toBe('running');
    const strict = new ScriptedMaster({ maxExecutorRetries: 1 });
    strict.worker('w1', 1);
    strict.application('a', { total: 1 });
    expect(strict.exits('w1', 'a/0', 'ended', 'released')).toContain('w1: launch a/1, 1 cores');
  });
});
