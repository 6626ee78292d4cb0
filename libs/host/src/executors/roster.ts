import type { ErrorData, ExecutorId } from '@kiln/base';

export interface RosterOptions {
  /** Whoever says nothing for so long is lost (`spark.network.timeout`); also who was started and never registers. */
  readonly silenceMillis: number;
  /** How long an executor whose connection broke may take to come back. */
  readonly reconnectMillis: number;
  /** How long jobs wait for an executor when none is left. */
  readonly graceMillis: number;
}

export type RosterEvent =
  /** The cluster manager started it. */
  | { readonly type: 'granted'; readonly id: ExecutorId }
  /** A process says that it is this executor. */
  | { readonly type: 'hello'; readonly id: ExecutorId; readonly incarnation: string; readonly resumes: boolean }
  /** It takes tasks from now on. */
  | { readonly type: 'ready'; readonly id: ExecutorId }
  | { readonly type: 'heard'; readonly id: ExecutorId }
  | { readonly type: 'disconnected'; readonly id: ExecutorId; readonly incarnation: string }
  /** It cannot be used, whatever its process does: it was refused, or its parts cannot be composed. */
  | { readonly type: 'rejected'; readonly id: ExecutorId; readonly reason: string }
  /** The cluster manager says that it is gone. */
  | { readonly type: 'exited'; readonly id: ExecutorId; readonly reason: string; readonly causedByApp: boolean }
  /** The cluster manager says why none comes. */
  | { readonly type: 'waiting'; readonly reason: string | null; readonly queued: boolean }
  /** No executors will come any more. */
  | { readonly type: 'failed'; readonly error: ErrorData }
  /** Jobs that run. */
  | { readonly type: 'jobs'; readonly active: number }
  | { readonly type: 'tick' };

export type RosterAction =
  | { readonly type: 'welcome'; readonly resumed: boolean }
  | { readonly type: 'refuse'; readonly code: string; readonly message: string }
  | { readonly type: 'added'; readonly id: ExecutorId }
  /** `release`: its process may live on. `wasUsed`: it had been added. */
  | {
      readonly type: 'lost';
      readonly id: ExecutorId;
      readonly reason: string;
      readonly causedByApp: boolean;
      readonly release: boolean;
      readonly wasUsed: boolean;
    }
  /** Jobs would wait for ever. */
  | { readonly type: 'hopeless'; readonly reason: string; readonly error: ErrorData | null }
  | { readonly type: 'wake'; readonly at: number };

interface Member {
  incarnation: string | null;
  state: 'starting' | 'registering' | 'used';
  /** Its connection is closed since then. */
  awaySince: number | null;
  heardAt: number;
}

/**
 * Who belongs to the application's executors: from their start to their loss, and never again after it.
 *
 * Pure as the schedulers are: `step` takes an event and the time (ms) and returns what is to be done. An executor is lost once, whatever is
 * heard of it first: its closed connection, the exit of its process, or nothing at all.
 */
export class Roster {
  readonly #options: RosterOptions;
  readonly #members = new Map<ExecutorId, Member>();
  /** Ids are not given twice; who was lost is refused for ever. */
  readonly #lost = new Map<ExecutorId, string>();
  #jobs = 0;
  /** Since when jobs wait without any executor. */
  #waitingSince: number | null = null;
  #lastLoss: string | null = null;
  /** What the cluster manager said last of why none comes. */
  #waitReason: string | null = null;
  #isQueued = false;
  #failure: ErrorData | null = null;

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  step(event: RosterEvent, now: number): readonly RosterAction[] {
    const actions = this.#on(event, now);
    this.#watchJobs(now, actions);
    const at = this.#nextLook();
    if (at !== null) actions.push({ type: 'wake', at });
    return actions;
  }

  /** Executors that take tasks. */
  get used(): readonly ExecutorId[] {
    return [...this.#members].filter(([, member]) => member.state === 'used').map(([id]) => id);
  }

  #on(event: RosterEvent, now: number): RosterAction[] {
    switch (event.type) {
      case 'granted':
        if (!this.#lost.has(event.id)) this.#member(event.id, now);
        return [];
      case 'hello':
        return [this.#hello(event, now)];
      case 'ready': {
        if (this.#lost.has(event.id)) return [];
        const member = this.#member(event.id, now);
        if (member.state === 'used') return [];
        member.state = 'used';
        member.heardAt = now;
        return [{ type: 'added', id: event.id }];
      }
      case 'heard': {
        const member = this.#members.get(event.id);
        if (member !== undefined) member.heardAt = now;
        return [];
      }
      case 'disconnected': {
        const member = this.#members.get(event.id);
        if (member?.incarnation === event.incarnation) member.awaySince ??= now;
        return [];
      }
      case 'rejected':
        // It is told so and ends by itself: that is how the cluster manager hears that it failed.
        return this.#lose(event.id, event.reason, true, false);
      case 'exited':
        return this.#lose(event.id, event.reason, event.causedByApp, false);
      case 'waiting':
        this.#waitReason = event.reason;
        this.#isQueued = event.queued && event.reason !== null;
        return [];
      case 'failed':
        this.#failure = event.error;
        return [];
      case 'jobs':
        this.#jobs = event.active;
        return [];
      case 'tick':
        return [...this.#members].flatMap(([id, member]) => this.#look(id, member, now));
    }
  }

  #hello({ id, incarnation, resumes }: Extract<RosterEvent, { type: 'hello' }>, now: number): RosterAction {
    const lost = this.#lost.get(id);
    if (lost !== undefined)
      return refuse('KILN_EXECUTOR_FENCED', `Executor ${id} was declared lost (${lost}) and cannot come back`);
    const known = this.#members.get(id);
    if (resumes && known?.incarnation !== incarnation)
      return refuse('KILN_EXECUTOR_UNKNOWN', `This driver never welcomed executor ${id}`);
    if (known !== undefined && known.incarnation !== null && known.incarnation !== incarnation)
      return refuse('KILN_EXECUTOR_TAKEN', `Another process is executor ${id} already`);
    const member = this.#member(id, now);
    const resumed = member.incarnation === incarnation;
    member.incarnation = incarnation;
    member.awaySince = null;
    member.heardAt = now;
    if (member.state === 'starting') member.state = 'registering';
    return { type: 'welcome', resumed };
  }

  #member(id: ExecutorId, now: number): Member {
    const known = this.#members.get(id);
    if (known !== undefined) return known;
    const member: Member = { incarnation: null, state: 'starting', awaySince: null, heardAt: now };
    this.#members.set(id, member);
    return member;
  }

  #look(id: ExecutorId, member: Member, now: number): readonly RosterAction[] {
    const { silenceMillis, reconnectMillis } = this.#options;
    if (member.awaySince !== null && now - member.awaySince >= reconnectMillis)
      return this.#lose(id, `its connection was closed and it did not come back in ${reconnectMillis} ms`, true, true);
    if (!this.#isWatched(member) || now - member.heardAt < silenceMillis) return [];
    const what = member.state === 'starting' ? 'it did not register' : 'it sent no heartbeat';
    return this.#lose(id, `${what} for ${silenceMillis} ms`, true, true);
  }

  #lose(id: ExecutorId, reason: string, causedByApp: boolean, release: boolean): RosterAction[] {
    const member = this.#members.get(id);
    if (this.#lost.has(id)) return [];
    this.#lost.set(id, reason);
    this.#members.delete(id);
    this.#lastLoss = `executor ${id}: ${reason}`;
    return [{ type: 'lost', id, reason, causedByApp, release, wasUsed: member?.state === 'used' }];
  }

  /** One in this process sends no heartbeats. */
  #isWatched(member: Member): boolean {
    return member.state === 'starting' || member.incarnation !== null;
  }

  #watchJobs(now: number, actions: RosterAction[]): void {
    const waits = this.#jobs > 0 && this.used.length === 0;
    if (!waits || (this.#isQueued && this.#failure === null)) {
      this.#waitingSince = null;
      return;
    }
    this.#waitingSince ??= now;
    const { graceMillis } = this.#options;
    if (this.#failure === null && now - this.#waitingSince < graceMillis) return;
    const why = this.#waitReason === null ? '' : `: ${this.#waitReason}`;
    const last = this.#lastLoss === null ? '' : `; lost last: ${this.#lastLoss}`;
    const reason = this.#failure?.message ?? `no executor came within ${graceMillis} ms${why}${last}`;
    // Jobs that come later are told anew.
    this.#waitingSince = null;
    this.#jobs = 0;
    actions.push({ type: 'hopeless', reason, error: this.#failure });
  }

  #nextLook(): number | null {
    const times = [...this.#members.values()].flatMap((member) => [
      ...(member.awaySince === null ? [] : [member.awaySince + this.#options.reconnectMillis]),
      ...(this.#isWatched(member) ? [member.heardAt + this.#options.silenceMillis] : []),
    ]);
    if (this.#waitingSince !== null) times.push(this.#waitingSince + this.#options.graceMillis);
    return times.length === 0 ? null : Math.min(...times);
  }
}

function refuse(code: string, message: string): RosterAction {
  return { type: 'refuse', code, message };
}
