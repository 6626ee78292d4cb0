import { create } from '@bufbuild/protobuf';
import type { ExecutorId, WorkerId } from '@kiln/base';
import {
  type ApplicationNews,
  ApplicationNewsSchema,
  ExecutorWantsSchema,
  PlacedExecutorSchema,
  type RegisterApplication,
  RegisterApplicationSchema,
  type PlacedExecutor as WirePlaced,
  ApplicationState as WireState,
  type ExecutorTemplate as WireTemplate,
  type ExecutorWants as WireWants,
} from '@kiln/rpc/cluster';
import type {
  ApplicationMessage,
  ApplicationOutcome,
  ApplicationRegistration,
  ApplicationStatus,
  ExecutorWants,
  PlacedExecutor,
} from '../shared/reports.ts';
import { fromResources, id, malformed, orNull, present, toResources, unlessNull } from './common.ts';

const states: Readonly<Record<ApplicationStatus['state'], WireState>> = {
  waiting: WireState.WAITING,
  running: WireState.RUNNING,
  unknown: WireState.UNKNOWN,
  finished: WireState.FINISHED,
  failed: WireState.FAILED,
  killed: WireState.KILLED,
};

export const toApplicationState = (state: ApplicationStatus['state']): WireState => states[state];

export function fromApplicationState(state: WireState): ApplicationStatus['state'] {
  const found = Object.entries(states).find(([, wire]) => wire === state);
  if (found === undefined) throw malformed(`application state ${state}`);
  return found[0] as ApplicationStatus['state'];
}

export function fromOutcome(state: WireState): ApplicationOutcome {
  const outcome = fromApplicationState(state);
  if (outcome !== 'finished' && outcome !== 'failed' && outcome !== 'killed')
    throw malformed(`the end of an application as '${outcome}'`);
  return outcome;
}

export function toWants({ total, cores, memoryBytes, placementHints }: ExecutorWants): WireWants {
  return create(ExecutorWantsSchema, {
    total,
    ...unlessNull('cores', cores),
    memoryBytes: BigInt(Math.floor(memoryBytes)),
    placementHints: { ...placementHints },
  });
}

export function fromWants(wants: WireWants | undefined): ExecutorWants {
  const { total, cores, memoryBytes, placementHints } = present(wants, 'what an application wants');
  if (cores === 0) throw malformed('executors without cores');
  return { total, cores: orNull(cores), memoryBytes: Number(memoryBytes), placementHints };
}

export const toPlaced = ({ executorId, workerId, host, resources }: PlacedExecutor): WirePlaced =>
  create(PlacedExecutorSchema, { executorId, workerId, host, resources: toResources(resources) });

export const fromPlaced = ({ executorId, workerId, host, resources }: WirePlaced): PlacedExecutor => ({
  executorId: id<ExecutorId>(executorId, 'executor'),
  workerId: id<WorkerId>(workerId, 'worker'),
  host,
  resources: fromResources(resources, 'an executor'),
});

export function toRegistration(
  application: ApplicationRegistration,
  template: Pick<WireTemplate, 'launch' | 'overheadBytes'>,
): RegisterApplication {
  const { id: applicationId, name, user, maxCores, wants, executors, nextExecutorId } = application;
  return create(RegisterApplicationSchema, {
    ...{ applicationId, name, user, nextExecutorId },
    ...unlessNull('maxCores', maxCores),
    wants: toWants(wants),
    executors: executors.map(toPlaced),
    template,
  });
}

export function fromRegistration(message: RegisterApplication): ApplicationRegistration {
  const { applicationId, name, user, maxCores, wants, executors, nextExecutorId } = message;
  return {
    ...{ id: id<string>(applicationId, 'application'), name: name === '' ? applicationId : name, user, nextExecutorId },
    maxCores: orNull(maxCores),
    wants: fromWants(wants),
    executors: executors.map(fromPlaced),
  };
}

export function toNews(message: ApplicationMessage): ApplicationNews {
  switch (message.type) {
    case 'granted':
      return create(ApplicationNewsSchema, { body: { case: 'granted', value: toPlaced(message.executor) } });
    case 'exited': {
      const { executorId, reason, causedByApp } = message;
      return create(ApplicationNewsSchema, { body: { case: 'exited', value: { executorId, reason, causedByApp } } });
    }
    case 'waiting':
      return create(ApplicationNewsSchema, {
        body: { case: 'waiting', value: { ...unlessNull('reason', message.reason), queued: message.queued } },
      });
    case 'ended': {
      const { outcome, reason } = message;
      return create(ApplicationNewsSchema, {
        body: { case: 'ended', value: { outcome: toApplicationState(outcome), reason } },
      });
    }
  }
}

/** `undefined`: a welcome, or news of a newer master. */
export function fromNews({ body }: ApplicationNews): ApplicationMessage | undefined {
  switch (body.case) {
    case 'granted':
      return { type: 'granted', executor: fromPlaced(body.value) };
    case 'exited': {
      const { executorId, reason, causedByApp } = body.value;
      return { type: 'exited', executorId: id<ExecutorId>(executorId, 'executor'), reason, causedByApp };
    }
    case 'waiting':
      return { type: 'waiting', reason: orNull(body.value.reason), queued: body.value.queued };
    case 'ended':
      return { type: 'ended', outcome: fromOutcome(body.value.outcome), reason: body.value.reason };
    default:
      return undefined;
  }
}
