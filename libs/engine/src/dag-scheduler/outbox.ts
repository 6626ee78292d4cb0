import type { DagAction } from '@kiln/contracts/dag-scheduler';
import type { LostOutputs } from '@kiln/contracts/shuffle';

/** The actions of the step that runs. */
export class Outbox {
  #actions: DagAction[] = [];
  #unregisters = false;

  /**
   * Outputs are unregistered by an action of this step: the tracker, which is asked what exists, does not know it before the next step.
   */
  get unregisters(): boolean {
    return this.#unregisters;
  }

  push(action: DagAction): void {
    this.#actions.push(action);
  }

  unregister(lost: LostOutputs): void {
    this.#unregisters = true;
    this.#actions.push({ type: 'unregister-outputs', ...lost });
  }

  take(): readonly DagAction[] {
    const taken = this.#actions;
    this.#actions = [];
    this.#unregisters = false;
    return taken;
  }
}
