import type { SchedulingPolicy, TaskSetView } from '@kiln/contracts/task-scheduler';
import type { TaskSetState } from './state.ts';

/** The task sets that want slots, in the policy's order; it is asked as seldom as it allows. */
export class TaskSetQueue {
  readonly #policy: SchedulingPolicy;
  readonly #members = new Map<TaskSetView, TaskSetState>();
  #order: readonly TaskSetState[] = [];
  #changed = false;

  constructor(policy: SchedulingPolicy) {
    this.#policy = policy;
  }

  /** To be called whenever a set may have begun or ceased to want slots. */
  update(set: TaskSetState): void {
    if (set.wantsSlots === this.#members.has(set.view)) return;
    if (set.wantsSlots) this.#members.set(set.view, set);
    else this.#members.delete(set.view);
    this.#changed = true;
  }

  get members(): readonly TaskSetState[] {
    return [...this.#members.values()];
  }

  ordered(): readonly TaskSetState[] {
    if (this.#changed || (this.#members.size > 1 && this.#policy.stable !== true)) {
      this.#order = this.#members.size > 1 ? this.#ask() : [...this.#members.values()];
      this.#changed = false;
    }
    return this.#order;
  }

  #ask(): readonly TaskSetState[] {
    const rest = new Map(this.#members);
    const order: TaskSetState[] = [];
    for (const view of this.#policy.order([...rest.keys()])) {
      const set = rest.get(view);
      if (set !== undefined) order.push(set);
      rest.delete(view);
    }
    // A policy that forgets a set must not starve it.
    for (const set of rest.values()) order.push(set);
    return order;
  }
}
