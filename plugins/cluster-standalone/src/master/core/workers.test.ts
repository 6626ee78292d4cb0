import { workerId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import { report, ScriptedMaster } from './test-support/scripted-master.ts';

const twoWorkers = () => {
  const master = new ScriptedMaster({ workerReconnectMillis: 10_000, applicationReconnectMillis: 10_000 });
  master.worker('w1', 2);
  master.application('a', { total: 2 });
  master.runs('w1', 'a/0');
  master.runs('w1', 'a/1');
  master.worker('w2', 2);
  return master;
};

describe('a worker', () => {
  it('without heartbeats is lost, its executors are reported and replaced', () => {
    const master = twoWorkers();
    for (let second = 0; second < 60; second += 10) {
      expect(master.after(10_000 - (second === 50 ? 1 : 0))).toEqual([]);
      master.step({ type: 'worker-heartbeat', workerId: workerId('w2') });
    }
    const reason = 'its worker w1 on host-w1 is lost: no heartbeat for 60 s';
    expect(master.after(1)).toEqual([
      ...[`a: exited 0: ${reason}`, `a: exited 1: ${reason}`, 'w1: disconnect'],
      ...['w2: launch a/2, 1 cores', 'w2: launch a/3, 1 cores'],
    ]);
  });

  it('whose connection breaks gets a moment to come back, and nothing new meanwhile', () => {
    const master = twoWorkers();
    expect(master.disconnectWorker('w2')).toEqual([]);
    expect(master.application('b', { total: 1 })).toEqual([
      'b: waiting: all workers are busy: none of 1 worker has 1 core and 1024 MiB free',
    ]);
    expect(master.worker('w2', 2)).toEqual(['w2: launch b/0, 1 cores', 'b: waiting: null']);
    master.disconnectWorker('w1');
    expect(master.worker('w1', 2, 8192, { executors: [report('a/0'), report('a/1')] })).toEqual([
      'a: granted 0 on host-w1',
      'a: granted 1 on host-w1',
    ]);
    master.disconnectWorker('w1');
    expect(master.after(9_000)).toEqual([]);
    expect(master.after(1_000)).toContain(
      'a: exited 0: its worker w1 on host-w1 is lost: its connection broke and it did not come back',
    );
  });

  it('that comes back says what ended while it was away', () => {
    const master = twoWorkers();
    master.disconnectWorker('w1');
    const state = { type: 'exited', outcome: 'failed', reason: 'exit code 7', causedByApp: true } as const;
    expect(master.worker('w1', 2, 8192, { executors: [{ ...report('a/0'), state }] })).toEqual([
      'a: exited 1: it is not on its worker w1 any more',
      'a: exited 0 by its fault: exit code 7',
      'w2: launch a/2, 1 cores',
      'w1: launch a/3, 1 cores',
    ]);
  });

  it('that was given up ends what it still runs', () => {
    const master = twoWorkers();
    master.disconnectWorker('w1');
    master.after(10_000);
    expect(master.worker('w1', 2, 8192, { executors: [report('a/0'), report('a/1')] })).toEqual([
      'w1: end a/0',
      'w1: end a/1',
    ]);
  });

  it('in the place of another means that the other is gone', () => {
    const master = twoWorkers();
    expect(master.worker('w3', 2, 8192, { replaces: [workerId('w1')] })).toContain(
      'a: exited 0: its worker w1 on host-w1 is lost: another worker took its place',
    );
  });

  it('that stops gets nothing new, and is lost at once when it is gone', () => {
    const master = twoWorkers();
    master.step({ type: 'worker-stopping', workerId: workerId('w2') });
    expect(master.application('b', { total: 1 })).toHaveLength(1);
    expect(master.worker('w2', 2)).toEqual(['w2: launch b/0, 1 cores', 'b: waiting: null']);
    master.step({ type: 'worker-stopping', workerId: workerId('w1') });
    expect(master.exits('w1', 'a/1', 'ended', 'its worker stops')).toEqual([
      'a: exited 1: its worker stops',
      'w2: launch a/2, 1 cores',
    ]);
    expect(master.step({ type: 'worker-stopped', workerId: workerId('w1') })).toEqual([
      'a: exited 0: its worker w1 on host-w1 is lost: it was stopped',
      'w1: disconnect',
    ]);
    expect(master.core.status().workers.map(({ id }) => id)).toEqual(['w2']);
  });
});

describe('an application', () => {
  it('that loses its connection keeps its executors for a moment, and gets no new ones', () => {
    const master = twoWorkers();
    master.step({ type: 'application-disconnected', applicationId: 'a' });
    expect(master.exits('w1', 'a/1')).toEqual([]);
    expect(master.application('a', { total: 2, has: ['0@w1', '1@w1'] })).toEqual([
      'a: granted 0 on host-w1',
      'a: exited 1: it is not on its worker w1 any more',
      'w2: launch a/2, 1 cores',
    ]);
    master.step({ type: 'application-disconnected', applicationId: 'a' });
    master.after(9_000);
    expect(master.after(1_000)).toEqual(['w1: end a/0', 'w2: end a/2', 'w1: forget a', 'w2: forget a']);
  });

  it('that comes back after it was given up starts anew', () => {
    const master = twoWorkers();
    master.step({ type: 'application-disconnected', applicationId: 'a' });
    master.after(10_000);
    expect(master.application('a', { total: 1, has: ['0@w1'] })).toEqual([
      'a: exited 0: it is not on its worker w1 any more',
      'w2: launch a/1, 1 cores',
    ]);
    expect(master.core.status().applications).toHaveLength(1);
  });
});
