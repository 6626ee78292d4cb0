import type { DriverId, WorkerId } from '@kiln/base';
import type { ApplicationMessage } from '../../shared/reports.ts';
import type { MasterAction } from './events.ts';
import type { MasterOptions } from './options.ts';
import type { ApplicationState, EndedApplication, SubmittedDriver, WorkerState } from './state.ts';

/** The whole state of a master, and what the step that runs has come to. One owner: the core. */
export class MasterContext {
  readonly options: MasterOptions;
  readonly workers = new Map<WorkerId, WorkerState>();
  /** In the order in which they registered: that is their turn. */
  readonly applications = new Map<string, ApplicationState>();
  readonly ended: EndedApplication[] = [];
  /** In the order of submission, the ended ones too. */
  readonly drivers = new Map<DriverId, SubmittedDriver>();
  /** Until then nothing is placed, unless all that the predecessor knew have come back before; 0: no recovery. */
  recoveringUntil = 0;
  /** The worker that got the last driver. */
  lastDriverWorker: WorkerId | null = null;

  now = 0;
  /** Resources or wants changed in this step. */
  dirty = false;
  #persist = false;
  #actions: MasterAction[] = [];

  constructor(options: MasterOptions) {
    this.options = options;
  }

  begin(now: number): void {
    this.now = now;
    this.dirty = false;
    this.#persist = false;
    this.#actions = [];
  }

  end(): readonly MasterAction[] {
    return this.#persist ? [{ type: 'persist' }, ...this.#actions] : this.#actions;
  }

  do(action: MasterAction): void {
    this.#actions.push(action);
  }

  /** The snapshot is another one than before. */
  persist(): void {
    this.#persist = true;
  }

  tell(application: ApplicationState, message: ApplicationMessage): void {
    if (application.status === 'connected')
      this.do({ type: 'tell-application', applicationId: application.id, message });
  }

  note(text: string, level: 'info' | 'warn' = 'info'): void {
    this.do({ type: 'note', level, text });
  }
}
