import { driverId, workerId } from '@kiln/base';
import { expect, test } from 'vitest';
import { statusText } from './status-text.ts';

const GiB = 2 ** 30;

test('an empty cluster', () => {
  expect(statusText({ state: 'recovering', workers: [], applications: [], drivers: [] }, 0)).toBe(
    `The master has taken over and waits for the workers and applications of its predecessor.

Workers: none

Applications: none

Drivers: none
`,
  );
});

test('workers, applications and drivers', () => {
  const status = {
    state: 'alive' as const,
    workers: [
      {
        id: workerId('worker-1'),
        host: '10.0.0.7',
        state: 'alive' as const,
        resources: { cores: 8, memoryBytes: 24 * GiB },
        used: { cores: 3, memoryBytes: 2 * GiB },
      },
    ],
    applications: [
      {
        ...{ id: 'kiln-1', name: 'sales', user: 'ada', state: 'running' as const, executors: 2, cores: 2 },
        ...{ memoryBytesPerExecutor: GiB, registeredAt: 1_000, endedAt: null, message: null },
      },
      {
        ...{ id: 'kiln-2', name: 'broken', user: 'ada', state: 'failed' as const, executors: 0, cores: 0 },
        ...{ memoryBytesPerExecutor: GiB, registeredAt: 1_000, endedAt: 3_500, message: 'it failed\nwith a log' },
      },
    ],
    drivers: [
      {
        ...{ driverId: driverId('driver-1'), name: 'sales', state: 'running' as const, attempt: 2 },
        ...{ host: '10.0.0.7', message: null },
      },
    ],
  };
  expect(statusText(status, 61_000)).toBe(`Workers:
  id        host      state  cores   memory
  worker-1  10.0.0.7  alive  3 of 8  2.0 GiB of 24.0 GiB

Applications:
  id      name    user  state    executors  cores  memory each  time
  kiln-1  sales   ada   running  2          2      1.0 GiB      1 min 0 s
  kiln-2  broken  ada   failed   0          0      1.0 GiB      2.5 s      it failed

Drivers:
  id        name   state    attempt  host
  driver-1  sales  running  2        10.0.0.7
`);
});
