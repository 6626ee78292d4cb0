import { type DriverId, workerId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import { driverReport, MiB, ScriptedMaster } from './test-support/scripted-master.ts';

const kill = (id: string) => ({ type: 'driver-killed', driverId: id as DriverId }) as const;

describe('a driver', () => {
  it('waits for a worker, runs, and ends', () => {
    const master = new ScriptedMaster();
    expect(master.submit('d1')).toEqual([]);
    expect(master.core.driverStatus('d1' as DriverId)?.message).toBe('waits for a worker with 1 core and 512 MiB free');
    expect(master.worker('w1', 4)).toEqual(['w1: launch d1, attempt 1']);
    expect(master.core.status().workers[0]?.used).toEqual({ cores: 1, memoryBytes: 512 * MiB });
    expect(master.driver('w1', 'd1', 1, 'finished')).toEqual([]);
    expect(master.state('d1')).toBe('finished');
    expect(master.core.status().workers[0]?.used).toEqual({ cores: 0, memoryBytes: 0 });
  });

  it('goes before applications, and round the workers', () => {
    const master = new ScriptedMaster();
    master.worker('w1', 2);
    master.worker('w2', 2);
    expect(['d1', 'd2', 'd3'].flatMap((id) => master.submit(id))).toEqual([
      ...['w1: launch d1, attempt 1', 'w2: launch d2, attempt 1', 'w1: launch d3, attempt 1'],
    ]);
    expect(master.application('a')).toEqual(['w2: launch a/0, 1 cores']);
  });

  it('waits when spark.deploy.maxDrivers run', () => {
    const master = new ScriptedMaster({ maxDrivers: 1 });
    master.worker('w1', 4);
    master.submit('d1');
    expect(master.submit('d2')).toEqual([]);
    expect(master.driver('w1', 'd1', 1, 'failed')).toEqual(['w1: launch d2, attempt 1']);
    expect(master.state('d1')).toBe('failed');
  });

  it('can be killed while it waits and while it runs', () => {
    const master = new ScriptedMaster();
    master.submit('d1');
    expect(master.step(kill('d1'))).toEqual([]);
    expect(master.state('d1')).toBe('killed');
    master.worker('w1', 4);
    master.submit('d2', { supervise: true });
    expect(master.step(kill('d2'))).toEqual(['w1: end d2, attempt 1']);
    expect(master.driver('w1', 'd2', 1, 'failed')).toEqual([]);
    expect(master.state('d2')).toBe('killed');
    expect(master.step(kill('d2'))).toEqual([]);
  });

  it('that is supervised is started again, later each time', () => {
    const master = new ScriptedMaster();
    master.worker('w1', 4);
    master.submit('d1', { supervise: true });
    expect(master.driver('w1', 'd1', 1, 'failed')).toEqual([]);
    expect(master.state('d1')).toBe('relaunching');
    expect(master.after(1_000)).toEqual(['w1: launch d1, attempt 2']);
    master.driver('w1', 'd1', 2, 'error');
    expect(master.after(1_000)).toEqual([]);
    expect(master.after(1_000)).toEqual(['w1: launch d1, attempt 3']);
    expect(master.driver('w1', 'd1', 2, 'failed')).toEqual([]);
    expect(master.state('d1')).toBe('running');
    master.driver('w1', 'd1', 3, 'finished');
    expect(master.state('d1')).toBe('finished');
  });

  it('of a lost worker goes elsewhere if it is supervised; what its worker says later does not count', () => {
    const master = new ScriptedMaster({ workerReconnectMillis: 10_000 });
    master.worker('w1', 4);
    master.submit('d1', { supervise: true });
    master.submit('d2');
    master.worker('w2', 4);
    master.disconnectWorker('w1');
    expect(master.after(10_000)).toEqual(['w1: disconnect', 'w2: launch d1, attempt 2']);
    expect(master.state('d2')).toBe('error');
    const drivers = [driverReport('d1', 1), driverReport('d2', 1)];
    expect(master.worker('w1', 4, 8192, { drivers })).toEqual(['w1: end d1, attempt 1', 'w1: end d2, attempt 1']);
    expect(master.driver('w1', 'd1', 1, 'finished')).toEqual([]);
    expect(master.state('d1')).toBe('running');
  });

  it('is remembered for a while when it is over', () => {
    const master = new ScriptedMaster({ retainedDrivers: 2 });
    master.worker('w1', 9);
    for (const id of ['d1', 'd2', 'd3']) {
      master.submit(id);
      master.driver('w1', id, 1, 'finished');
    }
    expect(master.core.status().drivers.map(({ driverId }) => driverId)).toEqual(['d2', 'd3']);
    expect(master.step({ type: 'worker-stopped', workerId: workerId('w1') })).toEqual(['w1: disconnect']);
  });
});
