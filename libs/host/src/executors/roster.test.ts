import { executorId } from '@kiln/base';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Roster, type RosterAction, type RosterEvent } from './roster.ts';

const options = { silenceMillis: 1000, reconnectMillis: 100, graceMillis: 500 };
const [a, b] = [executorId('a'), executorId('b')];

let roster: Roster;
beforeEach(() => {
  roster = new Roster(options);
});

/** What is to be done but for wake-ups. */
function step(event: RosterEvent, now = 0): readonly RosterAction[] {
  return roster.step(event, now).filter((action) => action.type !== 'wake');
}

function join(id: typeof a, incarnation = 'p1', now = 0): void {
  expect(step({ type: 'granted', id }, now)).toEqual([]);
  expect(step({ type: 'hello', id, incarnation, resumes: false }, now)).toEqual([{ type: 'welcome', resumed: false }]);
  expect(step({ type: 'ready', id }, now)).toEqual([{ type: 'added', id }]);
}

describe('jobs without executors', () => {
  it('fail after their grace, with the reason of the cluster manager', () => {
    step({ type: 'jobs', active: 1 }, 0);
    step({ type: 'waiting', reason: 'an executor of 4 cores fits on no worker', queued: false }, 100);
    expect(step({ type: 'tick' }, 499)).toEqual([]);
    expect(step({ type: 'tick' }, 500)).toEqual([
      {
        type: 'hopeless',
        reason: 'no executor came within 500 ms: an executor of 4 cores fits on no worker',
        error: null,
      },
    ]);
  });

  it('wait without a limit in the queue of a cluster, and for their grace when they are out of it', () => {
    step({ type: 'jobs', active: 1 }, 0);
    step({ type: 'waiting', reason: 'all workers are busy', queued: true }, 100);
    expect(step({ type: 'tick' }, 100_000)).toEqual([]);
    step({ type: 'waiting', reason: 'no worker has registered', queued: false }, 100_000);
    expect(step({ type: 'tick' }, 100_499)).toEqual([]);
    expect(step({ type: 'tick' }, 100_500)).toHaveLength(1);
  });

  it('in a queue fail all the same when the cluster manager gives up', () => {
    step({ type: 'jobs', active: 1 }, 0);
    step({ type: 'waiting', reason: 'all workers are busy', queued: true }, 100);
    const error = {
      code: 'X',
      message: 'ended by an administrator',
      hint: null,
      concerns: {},
      position: null,
      cause: null,
      stack: null,
    };
    expect(step({ type: 'failed', error }, 200)).toMatchObject([{ type: 'hopeless', reason: error.message }]);
  });
});

describe('an executor', () => {
  it('is added when it is ready, once, also when the cluster manager is slower than its process', () => {
    expect(step({ type: 'hello', id: a, incarnation: 'p1', resumes: false })).toEqual([
      { type: 'welcome', resumed: false },
    ]);
    expect(step({ type: 'ready', id: a })).toEqual([{ type: 'added', id: a }]);
    expect(step({ type: 'ready', id: a })).toEqual([]);
    expect(step({ type: 'granted', id: a })).toEqual([]);
    expect(roster.used).toEqual([a]);
  });

  it('that exits after its connection was closed is lost once, for the reason of its exit', () => {
    join(a);
    expect(step({ type: 'disconnected', id: a, incarnation: 'p1' }, 10)).toEqual([]);
    expect(step({ type: 'exited', id: a, reason: 'signal SIGKILL', causedByApp: true }, 20)).toEqual([
      { type: 'lost', id: a, reason: 'signal SIGKILL', causedByApp: true, release: false, wasUsed: true },
    ]);
    expect(step({ type: 'disconnected', id: a, incarnation: 'p1' }, 30)).toEqual([]);
    expect(step({ type: 'tick' }, 5000)).toEqual([]);
  });

  it('that exits before its connection is seen closed is lost once', () => {
    join(a);
    expect(step({ type: 'exited', id: a, reason: 'gone', causedByApp: false }, 20)).toHaveLength(1);
    expect(step({ type: 'disconnected', id: a, incarnation: 'p1' }, 21)).toEqual([]);
    expect(roster.used).toEqual([]);
  });

  it('may come back in time after its connection broke, and goes on', () => {
    join(a);
    step({ type: 'disconnected', id: a, incarnation: 'p1' }, 10);
    expect(step({ type: 'hello', id: a, incarnation: 'p1', resumes: true }, 60)).toEqual([
      { type: 'welcome', resumed: true },
    ]);
    expect(step({ type: 'tick' }, 200)).toEqual([]);
    expect(roster.used).toEqual([a]);
  });

  it('that does not come back in time is lost, its process is given back, and it is refused for ever', () => {
    join(a);
    step({ type: 'disconnected', id: a, incarnation: 'p1' }, 10);
    expect(step({ type: 'tick' }, 109)).toEqual([]);
    expect(step({ type: 'tick' }, 110)).toMatchObject([{ type: 'lost', id: a, release: true, wasUsed: true }]);
    for (const resumes of [true, false])
      expect(step({ type: 'hello', id: a, incarnation: 'p1', resumes }, 5000)).toMatchObject([
        { type: 'refuse', code: 'KILN_EXECUTOR_FENCED' },
      ]);
    expect(step({ type: 'ready', id: a }, 5001)).toEqual([]);
    expect(step({ type: 'granted', id: a }, 5002)).toEqual([]);
    expect(roster.used).toEqual([]);
  });

  it('that is silent is lost, one that says something is not', () => {
    join(a);
    join(b);
    step({ type: 'heard', id: b }, 900);
    expect(step({ type: 'tick' }, 1000)).toMatchObject([{ type: 'lost', id: a, release: true }]);
    expect(roster.used).toEqual([b]);
  });

  it('that was started and never registers is lost without having been used', () => {
    step({ type: 'granted', id: a });
    expect(step({ type: 'tick' }, 1000)).toMatchObject([{ type: 'lost', id: a, wasUsed: false, release: true }]);
  });

  it('of this process needs no heartbeat', () => {
    step({ type: 'granted', id: a });
    step({ type: 'ready', id: a });
    expect(step({ type: 'tick' }, 100_000)).toEqual([]);
  });

  it('is refused when another process has its id, or when it says that it was here and was not', () => {
    join(a);
    expect(step({ type: 'hello', id: a, incarnation: 'p2', resumes: false })).toMatchObject([
      { type: 'refuse', code: 'KILN_EXECUTOR_TAKEN' },
    ]);
    expect(step({ type: 'hello', id: b, incarnation: 'p3', resumes: true })).toMatchObject([
      { type: 'refuse', code: 'KILN_EXECUTOR_UNKNOWN' },
    ]);
    expect(roster.used).toEqual([a]);
  });
});

describe('jobs without executors', () => {
  it('wait for the grace and fail with the last loss', () => {
    join(a);
    step({ type: 'jobs', active: 1 }, 10);
    step({ type: 'exited', id: a, reason: 'signal SIGKILL', causedByApp: true }, 100);
    expect(step({ type: 'tick' }, 599)).toEqual([]);
    expect(step({ type: 'tick' }, 600)).toEqual([
      { type: 'hopeless', reason: expect.stringContaining('executor a: signal SIGKILL') as string, error: null },
    ]);
    expect(step({ type: 'tick' }, 5000)).toEqual([]);
  });

  it('go on when one comes in time', () => {
    step({ type: 'jobs', active: 1 });
    join(a, 'p1', 400);
    expect(step({ type: 'tick' }, 600)).toEqual([]);
  });

  it('fail at once when none will come any more, also those that are started later', () => {
    const error = {
      code: 'X',
      message: 'it is over',
      hint: null,
      concerns: {},
      position: null,
      cause: null,
      stack: null,
    };
    step({ type: 'jobs', active: 1 });
    expect(step({ type: 'failed', error }, 10)).toEqual([{ type: 'hopeless', reason: 'it is over', error }]);
    expect(step({ type: 'jobs', active: 0 }, 20)).toEqual([]);
    expect(step({ type: 'jobs', active: 1 }, 30)).toEqual([{ type: 'hopeless', reason: 'it is over', error }]);
  });

  it('go on with what is left when none will come any more', () => {
    const error = {
      code: 'X',
      message: 'it is over',
      hint: null,
      concerns: {},
      position: null,
      cause: null,
      stack: null,
    };
    join(a);
    step({ type: 'jobs', active: 1 });
    expect(step({ type: 'failed', error }, 10)).toEqual([]);
    expect(step({ type: 'exited', id: a, reason: 'gone', causedByApp: true }, 20)).toMatchObject([
      { type: 'lost' },
      { type: 'hopeless' },
    ]);
  });

  it('are no matter while no job runs', () => {
    expect(step({ type: 'tick' }, 100_000)).toEqual([]);
  });
});

it('whatever happens: each executor is added and lost at most once, in that order, and there is a wake-up while somebody is waited for', () => {
  const ids = ['a', 'b', 'c'].map(executorId);
  const event = fc.oneof(
    fc.record({ type: fc.constantFrom('granted', 'ready', 'heard'), id: fc.constantFrom(...ids) }),
    fc.record({
      type: fc.constant('hello'),
      id: fc.constantFrom(...ids),
      incarnation: fc.constantFrom('1', '2'),
      resumes: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('disconnected'),
      id: fc.constantFrom(...ids),
      incarnation: fc.constantFrom('1', '2'),
    }),
    fc.record({
      type: fc.constant('exited'),
      id: fc.constantFrom(...ids),
      reason: fc.constant('gone'),
      causedByApp: fc.boolean(),
    }),
    fc.record({ type: fc.constant('jobs'), active: fc.nat(2) }),
    fc.constant({ type: 'tick' }),
  ) as fc.Arbitrary<RosterEvent>;
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(300)), { maxLength: 60 }), (events) => {
      const machine = new Roster(options);
      const seen: string[] = [];
      let now = 0;
      for (const [next, wait] of events) {
        now += wait;
        const actions = machine.step(next, now);
        for (const action of actions)
          if (action.type === 'added' || action.type === 'lost') seen.push(`${action.type} ${action.id}`);
        for (const id of machine.used) expect(seen).toContain(`added ${id}`);
      }
      expect(new Set(seen).size).toBe(seen.length);
      for (const id of ids) {
        const [added, lost] = [seen.indexOf(`added ${id}`), seen.indexOf(`lost ${id}`)];
        if (added >= 0 && lost >= 0) expect(added).toBeLessThan(lost);
      }
    }),
  );
});
