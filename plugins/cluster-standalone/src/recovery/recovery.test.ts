import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, workerId } from '@kiln/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Leadership } from './leadership.ts';
import { StateStore } from './state-store.ts';
import { Terms } from './terms.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiln-recovery-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Time that a test moves. Each wait is over when the time has come and the loop was free. */
class ManualClock implements Clock {
  #now = 0;
  #timers = new Set<{ at: number; callback: () => void }>();
  now = () => this.#now;
  after(delayMs: number, callback: () => void) {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
  get waiting() {
    return this.#timers.size;
  }
  /** Moves on when `count` are waiting, so that none misses its time. */
  async pass(millis: number, count = 1) {
    await expect.poll(() => this.#timers.size).toBe(count);
    this.#now += millis;
    for (const timer of [...this.#timers])
      if (timer.at <= this.#now) {
        this.#timers.delete(timer);
        timer.callback();
      }
  }
}

const leader = (clock: Clock, url: string, onStandby: (reigning: string) => void = () => {}) =>
  new Leadership({ terms: new Terms(directory), url, leaseMillis: 4000, clock, logger, onStandby });

/** So that it is not known at once that the owner is dead. */
function onAnotherMachine(term: number) {
  const file = join(new Terms(directory).folder(term), 'owner.json');
  writeFileSync(file, JSON.stringify({ pid: 1, started: 'x', host: 'elsewhere', url: 'kiln://elsewhere:7077' }));
}

describe('leadership', () => {
  it('is of one, and of the other at once when it is given up', async () => {
    const clock = new ManualClock();
    const first = leader(clock, 'kiln://a:1');
    expect(await first.acquire()).toBe(1);
    let reigning = '';
    const second = leader(clock, 'kiln://b:1', (url) => {
      reigning = url;
    });
    let term = 0;
    const acquired = second.acquire().then((value) => {
      term = value;
    });
    await clock.pass(1000);
    expect(reigning).toBe('kiln://a:1');
    expect(term).toBe(0);
    await first.stop();
    await clock.pass(1000);
    await acquired;
    expect(term).toBe(2);
    expect(await first.isReplaced()).toBe(true);
    expect(await second.isReplaced()).toBe(false);
    await second.stop();
  });

  it('is taken over when no sign came for a lease, and the old one learns it', async () => {
    const clock = new ManualClock();
    const first = leader(clock, 'kiln://a:1');
    await first.acquire();
    onAnotherMachine(1);
    const second = leader(clock, 'kiln://b:1');
    let term = 0;
    const acquired = second.acquire().then((value) => {
      term = value;
    });
    for (let quarter = 0; quarter < 4; quarter++) {
      expect(term).toBe(0);
      await clock.pass(1000);
    }
    await acquired;
    expect(term).toBe(2);
    expect(await first.hold()).toBe('another master (kiln://b:1) took over');
    await second.stop();
  });

  it('is not taken over while signs come', async () => {
    const clock = new ManualClock();
    const first = leader(clock, 'kiln://a:1');
    await first.acquire();
    const held = first.hold();
    const second = leader(clock, 'kiln://b:1');
    const acquired = second.acquire();
    acquired.catch(() => {});
    for (let quarter = 0; quarter < 20; quarter++) await clock.pass(1000, 2);
    await second.stop();
    await expect(acquired).rejects.toThrow('The master was stopped');
    await first.stop();
    expect(await held).toBeUndefined();
    expect(await new Terms(directory).last()).toBe(1);
  });

  it('is given up by a master that cannot write any more', async () => {
    const clock = new ManualClock();
    const first = leader(clock, 'kiln://a:1');
    await first.acquire();
    const held = first.hold();
    await clock.pass(1000);
    await expect.poll(() => clock.waiting).toBe(1);
    rmSync(join(directory, 'terms'), { recursive: true });
    for (let quarter = 0; quarter < 3; quarter++) await clock.pass(1000);
    expect(await held).toMatch(/^the recovery directory cannot be written: ENOENT/);
    await first.stop();
  });

  it('is of exactly one of many that want it', async () => {
    const terms = new Terms(directory);
    const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => terms.claim(1, `kiln://m${index}:1`)));
    expect(claims.filter((claimed) => claimed)).toHaveLength(1);
  });
});

describe('the saved state', () => {
  const snapshot = {
    workers: [{ id: workerId('w1'), host: 'h', resources: { cores: 2, memoryBytes: 1024 } }],
    applications: [],
    drivers: [],
  };

  it('goes from term to term, readable by its owner only', async () => {
    const terms = new Terms(directory);
    await terms.claim(1, 'a');
    const first = new StateStore(terms, 1);
    expect(await first.recover()).toBeUndefined();
    await first.save({ workers: [], applications: [], drivers: [] });
    await first.save(snapshot);
    expect(statSync(join(terms.folder(1), 'state.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(terms.folder(1)).sort()).toEqual(['owner.json', 'state.json']);
    // The second dies before it has saved anything.
    await terms.claim(2, 'b');
    await terms.claim(3, 'c');
    const third = new StateStore(terms, 3);
    expect(await third.recover()).toEqual(snapshot);
    await third.save(snapshot);
    await third.forgetPredecessors();
    expect(await terms.before(4)).toEqual([3]);
    await expect(first.save(snapshot)).rejects.toMatchObject({ code: 'KILN_MASTER_STATE' });
  });

  it('that is damaged is an error that says what to do', async () => {
    const terms = new Terms(directory);
    await terms.claim(1, 'a');
    writeFileSync(join(terms.folder(1), 'state.json'), '{"version":1,"workers":[{}]}');
    await terms.claim(2, 'b');
    await expect(new StateStore(terms, 2).recover()).rejects.toMatchObject({
      code: 'KILN_MASTER_STATE',
      hint: expect.stringMatching(/^Move the file away/),
    });
  });
});
