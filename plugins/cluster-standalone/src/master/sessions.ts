import { create } from '@bufbuild/protobuf';
import type { WorkerId } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import { type ApplicationNews, type ExecutorTemplate, type WorkerOrder, WorkerOrderSchema } from '@kiln/rpc/cluster';
import type { Outbox } from '../shared/outbox.ts';
import { toNews } from '../wire/applications.ts';
import { toResources } from '../wire/common.ts';
import { toDescription } from '../wire/drivers.ts';
import type { MasterAction } from './core/events.ts';

export interface Session<Message> {
  readonly outbox: Outbox<Message>;
  disconnect(): void;
}

/** Who is connected. A newer connection of the same worker or application takes the place of the older one. */
export class Sessions {
  readonly #workers = new Map<WorkerId, Session<WorkerOrder>>();
  readonly #applications = new Map<string, Session<ApplicationNews>>();
  /** How executors of an application are started; kept while its driver is away for a moment. */
  readonly #templates = new Map<string, ExecutorTemplate>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  addWorker(id: WorkerId, session: Session<WorkerOrder>): void {
    replace(this.#workers, id, session);
  }

  /** Whether it was the current one. */
  removeWorker(id: WorkerId, session: Session<WorkerOrder>): boolean {
    return this.#workers.get(id) === session && this.#workers.delete(id);
  }

  addApplication(id: string, session: Session<ApplicationNews>, template: ExecutorTemplate): void {
    replace(this.#applications, id, session);
    this.#templates.set(id, template);
  }

  removeApplication(id: string, session: Session<ApplicationNews>): boolean {
    return this.#applications.get(id) === session && this.#applications.delete(id);
  }

  /** What is kept of applications that are over goes. */
  keepApplications(isKnown: (id: string) => boolean): void {
    // Who has just connected is not known yet.
    for (const id of this.#templates.keys())
      if (!isKnown(id) && !this.#applications.has(id)) this.#templates.delete(id);
  }

  close(): void {
    for (const session of [...this.#workers.values(), ...this.#applications.values()]) {
      session.outbox.close();
      session.disconnect();
    }
    this.#workers.clear();
    this.#applications.clear();
  }

  /** To somebody who is not connected nothing is said: when they come back both sides compare. */
  readonly perform = (action: MasterAction): void => {
    switch (action.type) {
      case 'persist':
        return;
      case 'note':
        return this.#logger[action.level]({}, action.text);
      case 'tell-application':
        this.#applications.get(action.applicationId)?.outbox.push(toNews(action.message));
        return;
      case 'disconnect-worker':
        this.#workers.get(action.workerId)?.disconnect();
        return;
      case 'forget-application':
        return this.#order(action.workerId, {
          case: 'forgetApplication',
          value: { applicationId: action.applicationId },
        });
      case 'launch-executor': {
        const { workerId, applicationId, executorId, resources } = action;
        const template = this.#templates.get(applicationId);
        if (template === undefined) return;
        const value = { applicationId, executorId, resources: toResources(resources), template };
        return this.#order(workerId, { case: 'launchExecutor', value });
      }
      case 'end-executor': {
        const { workerId, applicationId, executorId, reason } = action;
        return this.#order(workerId, { case: 'endExecutor', value: { applicationId, executorId, reason } });
      }
      case 'launch-driver': {
        const { workerId, driverId, attempt, description } = action;
        const value = { driverId, attempt, description: toDescription(description) };
        return this.#order(workerId, { case: 'launchDriver', value });
      }
      case 'end-driver': {
        const { workerId, driverId, attempt, reason } = action;
        return this.#order(workerId, { case: 'endDriver', value: { driverId, attempt, reason } });
      }
    }
  };

  #order(workerId: WorkerId, body: NonNullable<Parameters<typeof create<typeof WorkerOrderSchema>>[1]>['body']): void {
    this.#workers.get(workerId)?.outbox.push(create(WorkerOrderSchema, body === undefined ? {} : { body }));
  }
}

function replace<Id, Message>(sessions: Map<Id, Session<Message>>, id: Id, session: Session<Message>): void {
  const older = sessions.get(id);
  sessions.set(id, session);
  older?.outbox.close();
  older?.disconnect();
}
