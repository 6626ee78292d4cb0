import { workerId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import { driverReport, report, ScriptedMaster } from './test-support/scripted-master.ts';

function running(): ScriptedMaster {
  const master = new ScriptedMaster();
  master.worker('w1', 2);
  master.worker('w2', 2);
  master.submit('d1');
  master.submit('d2', { supervise: true });
  master.application('a', { total: 2 });
  master.runs('w1', 'a/0');
  master.runs('w2', 'a/1');
  master.application('b', { total: 1 });
  return master;
}

describe('a master that takes over', () => {
  it('goes on when all have come back, in the old order, and starts nothing before', () => {
    const master = running();
    expect(master.restart(true)).toEqual([]);
    expect(master.core.status().state).toBe('recovering');
    expect(master.application('b', { total: 1 })).toEqual([
      'b: waiting: the master was restarted and waits for the workers it knew before',
    ]);
    expect(master.worker('w1', 2, 8192, { executors: [report('a/0')], drivers: [driverReport('d1', 1)] })).toEqual([]);
    expect(master.application('a', { total: 2, has: ['0@w1', '1@w2'] })).toEqual(['a: granted 0 on host-w1']);
    const d2 = driverReport('d2', 1, undefined, { supervise: true });
    expect(master.worker('w2', 2, 8192, { executors: [report('a/1')], drivers: [d2] })).toEqual([
      'a: granted 1 on host-w2',
      'b: waiting: all workers are busy: none of 2 workers has 1 core and 1024 MiB free',
    ]);
    expect(master.core.status()).toMatchObject({
      state: 'alive',
      applications: [
        { id: 'a', state: 'running', executors: 2 },
        { id: 'b', state: 'waiting' },
      ],
      drivers: [{ state: 'running' }, { state: 'running' }],
    });
    expect(master.exits('w1', 'a/0', 'ended', 'released')).toEqual([
      'a: exited 0: released',
      'w1: launch a/2, 1 cores',
    ]);
  });

  it('gives up what does not come back', () => {
    const master = running();
    master.restart(true);
    master.worker('w1', 2, 8192, { executors: [report('a/0')], drivers: [driverReport('d1', 1)] });
    master.application('a', { total: 2, has: ['0@w1', '1@w2'] });
    // w2 with a/1 and the supervised d2 is gone, and b's driver too.
    expect(master.after(59_000)).toEqual([]);
    master.step({ type: 'worker-heartbeat', workerId: workerId('w1') });
    const lines = master.after(1_000);
    expect(lines).toContain(
      'a: exited 1: its worker w2 on host-w2 is lost: it did not come back after the master was restarted',
    );
    expect(master.core.status()).toMatchObject({ state: 'alive', workers: [{ id: 'w1' }] });
    expect(master.core.status().applications.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'a running',
      'b failed',
    ]);
    // Its worker's two cores are taken.
    expect(master.state('d2')).toBe('relaunching');
    expect(master.driver('w1', 'd1', 1, 'finished')).toContain('w1: launch d2, attempt 2');
  });

  it('learns what ended while there was no master', () => {
    const master = running();
    master.restart(true);
    const exited = { type: 'exited', outcome: 'failed', reason: 'exit code 9', causedByApp: true } as const;
    const finished = driverReport('d1', 1, { type: 'exited', outcome: 'finished', message: null });
    master.application('a', { total: 2, has: ['0@w1', '1@w2'] });
    const executors = [{ ...report('a/0'), state: exited }];
    expect(master.worker('w1', 2, 8192, { executors, drivers: [finished] })).toEqual([
      'a: exited 0 by its fault: exit code 9',
    ]);
    expect(master.state('d1')).toBe('finished');
  });

  it('without any state adopts what workers and applications speak of', () => {
    const master = running();
    master.restart(false);
    const d2 = driverReport('d2', 1, undefined, { supervise: true });
    expect(master.worker('w2', 2, 8192, { executors: [report('a/1')], drivers: [d2] })).toEqual([]);
    expect(master.core.status().applications).toMatchObject([{ id: 'a', state: 'unknown', executors: 1 }]);
    expect(master.application('a', { total: 2, has: ['0@w1', '1@w2'] })).toEqual(['a: granted 1 on host-w2']);
    expect(master.worker('w1', 2, 8192, { executors: [report('a/0')] })).toEqual(['a: granted 0 on host-w1']);
    expect(master.core.status().workers.map(({ used }) => used.cores)).toEqual([2, 1]);
    expect(master.driver('w2', 'd2', 1, 'failed')).toEqual([]);
    expect(master.after(1_000)).toEqual(['w2: launch d2, attempt 2']);
  });

  it('without any state ends executors whose application does not come', () => {
    const master = running();
    master.restart(false);
    master.worker('w1', 2, 8192, { executors: [report('a/0')] });
    for (let second = 0; second < 60; second += 10) {
      master.worker('w1', 2, 8192, { executors: [report('a/0')] });
      expect(master.after(9_999)).toEqual([]);
    }
    expect(master.after(1_000)).toEqual(['w1: end a/0', 'w1: forget a']);
  });

  it('without any state tells an application that a worker does not come back', () => {
    const master = running();
    master.restart(false);
    master.application('a', { total: 2, has: ['0@w1'] });
    expect(master.after(59_000)).toEqual([]);
    expect(master.after(1_000)).toContain('a: exited 0: its worker w1 on host-w1 did not come back to the master');
  });
});
