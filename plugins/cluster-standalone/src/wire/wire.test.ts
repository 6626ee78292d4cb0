import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { driverId, executorId, isKilnError, workerId } from '@kiln/base';
import type { DriverDescription, DriverStatus } from '@kiln/contracts/cluster-manager';
import {
  ApplicationNewsSchema,
  DriverReportSchema,
  GetStatusResponseSchema,
  RegisterApplicationSchema,
  RegisterWorkerSchema,
} from '@kiln/rpc/cluster';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  ApplicationMessage,
  ApplicationRegistration,
  ClusterStatus,
  DriverReport,
  WorkerRegistration,
} from '../shared/reports.ts';
import { fromNews, fromRegistration, toNews, toRegistration } from './applications.ts';
import { fromDriverReport, toDriverReport } from './drivers.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { fromStatus, toStatus } from './status.ts';
import { fromWorkerRegistration, toWorkerRegistration } from './workers.ts';

const ids = fc.stringMatching(/^\w[\w.-]{0,20}$/);
const resources = fc.record({ cores: fc.integer({ min: 1, max: 4096 }), memoryBytes: fc.maxSafeNat() });
const texts = fc.string();
const files = fc.record({
  path: fc.constantFrom('job.yaml', 'a/b.ts'),
  base64: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64')),
});
const conf = fc.dictionary(fc.stringMatching(/^[a-z.]+$/), texts, { maxKeys: 3, noNullPrototype: true });
const description: fc.Arbitrary<DriverDescription> = fc.record({
  name: texts,
  application: fc.oneof(
    fc.record({ type: fc.constant('job-file' as const), path: texts, set: fc.array(texts, { maxLength: 2 }) }),
    fc.record({ type: fc.constant('module' as const), path: texts, arguments: fc.array(texts, { maxLength: 2 }) }),
  ),
  conf,
  resources,
  supervise: fc.boolean(),
  files: fc.array(files, { maxLength: 2 }),
});
const executorReport = fc.record({
  applicationId: ids,
  executorId: ids.map(executorId),
  resources,
  state: fc.oneof(
    fc.constant({ type: 'running' as const }),
    fc.record({
      type: fc.constant('exited' as const),
      outcome: fc.constantFrom('ended' as const, 'failed' as const),
      reason: texts,
      causedByApp: fc.boolean(),
    }),
  ),
});
const driverReport: fc.Arbitrary<DriverReport> = fc.record({
  driverId: ids.map(driverId),
  attempt: fc.nat(),
  description,
  state: fc.oneof(
    fc.constant({ type: 'running' as const }),
    fc.record({
      type: fc.constant('exited' as const),
      outcome: fc.constantFrom('finished' as const, 'failed' as const, 'error' as const),
      message: fc.option(texts),
    }),
  ),
});
const worker: fc.Arbitrary<WorkerRegistration> = fc.record({
  id: ids.map(workerId),
  host: texts,
  resources,
  replaces: fc.array(ids.map(workerId), { maxLength: 2 }),
  executors: fc.array(executorReport, { maxLength: 3 }),
  drivers: fc.array(driverReport, { maxLength: 2 }),
});
const wants = fc.record({
  total: fc.nat(),
  cores: fc.option(fc.integer({ min: 1, max: 99 })),
  memoryBytes: fc.maxSafeNat(),
  placementHints: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.nat(), { maxKeys: 3, noNullPrototype: true }),
});
const placed = fc.record({ executorId: ids.map(executorId), workerId: ids.map(workerId), host: texts, resources });
const application: fc.Arbitrary<ApplicationRegistration> = fc.record({
  id: ids,
  name: fc.string({ minLength: 1 }),
  user: texts,
  maxCores: fc.option(fc.nat()),
  wants,
  executors: fc.array(placed, { maxLength: 3 }),
  nextExecutorId: fc.nat(),
});
const outcomes = fc.constantFrom('finished' as const, 'failed' as const, 'killed' as const);
const news: fc.Arbitrary<ApplicationMessage> = fc.oneof(
  fc.record({ type: fc.constant('granted' as const), executor: placed }),
  fc.record({
    type: fc.constant('exited' as const),
    executorId: ids.map(executorId),
    reason: texts,
    causedByApp: fc.boolean(),
  }),
  fc.record({ type: fc.constant('waiting' as const), reason: fc.option(texts), queued: fc.boolean() }),
  fc.record({ type: fc.constant('ended' as const), outcome: outcomes, reason: texts }),
);
const driverStates = fc.constantFrom<DriverStatus['state'][]>(
  ...(['submitted', 'running', 'relaunching', 'finished', 'failed', 'killed', 'error'] as const),
);
const millis = fc.integer({ min: 0, max: 2 ** 48 });
const status: fc.Arbitrary<ClusterStatus> = fc.record({
  state: fc.constantFrom('alive' as const, 'recovering' as const),
  workers: fc.array(
    fc.record({
      id: ids.map(workerId),
      host: texts,
      state: fc.constantFrom('alive' as const, 'stopping' as const, 'disconnected' as const, 'unknown' as const),
      resources,
      used: fc.record({ cores: fc.nat(), memoryBytes: fc.maxSafeNat() }),
    }),
    { maxLength: 3 },
  ),
  applications: fc.array(
    fc.record({
      id: ids,
      name: texts,
      user: texts,
      state: fc.oneof(outcomes, fc.constantFrom('waiting' as const, 'running' as const, 'unknown' as const)),
      executors: fc.nat(),
      cores: fc.nat(),
      memoryBytesPerExecutor: fc.maxSafeNat(),
      registeredAt: millis,
      endedAt: fc.option(millis),
      message: fc.option(texts),
    }),
    { maxLength: 3 },
  ),
  drivers: fc.array(
    fc.record({
      driverId: ids.map(driverId),
      name: texts,
      state: driverStates,
      attempt: fc.nat(),
      host: fc.option(texts),
      message: fc.option(texts),
    }),
    { maxLength: 3 },
  ),
});
const snapshot = fc.record({
  workers: fc.array(fc.record({ id: ids.map(workerId), host: texts, resources }), { maxLength: 3 }),
  applications: fc.array(
    fc.record({
      id: ids,
      name: texts,
      user: texts,
      registeredAt: millis,
      maxCores: fc.nat(),
      wants,
      nextExecutorId: fc.nat(),
    }),
    { maxLength: 3 },
  ),
  drivers: fc.array(
    fc.record({
      id: ids.map(driverId),
      description,
      submittedAt: millis,
      state: driverStates,
      attempt: fc.nat(),
      workerId: fc.option(ids.map(workerId)),
      host: fc.option(texts),
      relaunches: fc.nat(),
      killed: fc.boolean(),
      message: fc.option(texts),
    }),
    { maxLength: 2 },
  ),
});

const check = <T>(arbitrary: fc.Arbitrary<T>, roundTrip: (value: T) => unknown) =>
  fc.assert(
    fc.property(arbitrary, (value) => {
      expect(roundTrip(value)).toEqual(value);
    }),
  );

describe('what goes over the wire comes back the same', () => {
  it('workers', () =>
    check(worker, (value) => {
      const bytes = toBinary(RegisterWorkerSchema, toWorkerRegistration(value));
      return fromWorkerRegistration(fromBinary(RegisterWorkerSchema, bytes));
    }));

  it('applications', () =>
    check(application, (value) => {
      const bytes = toBinary(RegisterApplicationSchema, toRegistration(value, { launch: '', overheadBytes: 0n }));
      return fromRegistration(fromBinary(RegisterApplicationSchema, bytes));
    }));

  it('news', () =>
    check(news, (value) =>
      fromNews(fromBinary(ApplicationNewsSchema, toBinary(ApplicationNewsSchema, toNews(value)))),
    ));

  it('status', () =>
    check(status, (value) =>
      fromStatus(fromBinary(GetStatusResponseSchema, toBinary(GetStatusResponseSchema, toStatus(value)))),
    ));

  it('a state file', () => check(snapshot, (value) => decodeSnapshot(encodeSnapshot(value))));
});

describe('what no Kiln says', () => {
  it.each(['', '.', '..', '../x', 'a/b', 'a b', 'ä'])('is refused: an id %j', (bad) => {
    const executor = { applicationId: bad, executorId: executorId('0'), resources: { cores: 1, memoryBytes: 1 } };
    const message = toWorkerRegistration({
      ...{ id: workerId('w'), host: '', resources: { cores: 1, memoryBytes: 1 }, replaces: [], drivers: [] },
      executors: [{ ...executor, state: { type: 'running' } }],
    });
    expect(() => fromWorkerRegistration(message)).toThrow(/malformed: application/);
  });

  it.each(['/etc/passwd', '../x', 'a/../b', 'a//b', 'a\\b', ''])('is refused: a file %j', (path) => {
    const report = toDriverReport({
      driverId: driverId('d'),
      attempt: 1,
      state: { type: 'running' },
      description: {
        ...{ name: '', conf: {}, resources: { cores: 1, memoryBytes: 1 }, supervise: false },
        application: { type: 'job-file', path: 'job.yaml', set: [] },
        files: [{ path, base64: '' }],
      },
    });
    expect(() => fromDriverReport(report)).toThrow(/malformed: file/);
  });

  it('is an error, whatever bytes it is', () => {
    const parse = (bytes: Uint8Array) => fromDriverReport(fromBinary(DriverReportSchema, bytes));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          parse(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  it('is an error in a state file, whatever text it is', () => {
    const damaged = fc.tuple(snapshot, fc.nat(), fc.string({ maxLength: 3 })).map(([value, at, text]) => {
      const whole = encodeSnapshot(value);
      return whole.slice(0, at % whole.length) + text + whole.slice((at % whole.length) + 1);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), damaged), (text) => {
        try {
          decodeSnapshot(text);
        } catch (error) {
          expect(isKilnError(error) && error.code).toBe('KILN_MASTER_STATE');
        }
      }),
    );
    expect(() => decodeSnapshot('{"version":2}')).toThrow('The saved state of the master cannot be read');
  });
});
