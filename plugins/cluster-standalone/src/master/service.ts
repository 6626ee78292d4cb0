import { randomInt } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { type DriverId, driverId, isKilnError } from '@kiln/base';
import type { Logger } from '@kiln/contracts/plugin';
import { peerKey } from '@kiln/rpc';
import {
  type ApplicationFrame,
  type ApplicationNews,
  ApplicationNewsSchema,
  type MasterService,
  type WorkerFrame,
  type WorkerOrder,
  WorkerOrderSchema,
} from '@kiln/rpc/cluster';
import { Outbox } from '../shared/outbox.ts';
import { fromOutcome, fromRegistration, fromWants } from '../wire/applications.ts';
import { malformed, present } from '../wire/common.ts';
import { fromDescription, fromDriverReport, toDriverStatus } from '../wire/drivers.ts';
import { toStatus } from '../wire/status.ts';
import { fromExecutorReport, fromWorkerRegistration } from '../wire/workers.ts';
import type { MasterActor } from './actor.ts';
import type { MasterEvent } from './core/events.ts';
import type { MasterCore } from './core/master-core.ts';
import type { Session, Sessions } from './sessions.ts';

/** What a reigning master answers with. */
export interface Reign {
  readonly term: number;
  readonly heartbeatMillis: number;
  readonly core: MasterCore;
  readonly actor: MasterActor;
  readonly sessions: Sessions;
}

/** Bytes of the files of a driver: each time the state is saved they are in it. */
const maxFileBytes = 8 * 2 ** 20;

/** Calls of workers, applications and users. `reign` gives `undefined` while this master stands by. */
export function masterService(reign: () => Reign | undefined, logger: Logger): ServiceImpl<typeof MasterService> {
  const reigning = (): Reign => {
    const current = reign();
    if (current === undefined) throw new ConnectError('this master stands by', Code.FailedPrecondition);
    return current;
  };
  return {
    attachWorker: (frames, context) =>
      conversation(context, logger, (session: Session<WorkerOrder>) => hearWorker(reigning(), frames, session)),
    attachApplication: (frames, context) =>
      conversation(context, logger, (session: Session<ApplicationNews>) =>
        hearApplication(reigning(), frames, session),
      ),
    async submitDriver({ description }) {
      const { actor } = reigning();
      const parsed = answered(() => fromDescription(description));
      const bytes = parsed.files.reduce((sum, { base64 }) => sum + base64.length * 0.75, 0);
      if (bytes > maxFileBytes)
        throw new ConnectError(`the files of a driver may have ${maxFileBytes} bytes together`, Code.ResourceExhausted);
      const id = newDriverId(new Date());
      await actor.post({ type: 'driver-submitted', driverId: id, description: parsed });
      return { driverId: id };
    },
    async killDriver({ driverId: id }) {
      const { actor, core } = reigning();
      await actor.post({ type: 'driver-killed', driverId: id as DriverId });
      return statusOf(core, id);
    },
    getDriver: ({ driverId: id }) => statusOf(reigning().core, id),
    getStatus: () => toStatus(reigning().core.status()),
  };
}

function statusOf(core: MasterCore, id: string) {
  const status = core.driverStatus(id as DriverId);
  return status === undefined ? {} : { driver: toDriverStatus(status) };
}

/** As Spark's: the time of submission and a number. */
function newDriverId(now: Date): DriverId {
  const time = now.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return driverId(`driver-${time}-${String(randomInt(10_000)).padStart(4, '0')}`);
}

/** Says what is in the session's outbox while `hear` listens; when one ends so does the other. */
async function* conversation<Message>(
  context: HandlerContext,
  logger: Logger,
  hear: (session: Session<Message>) => Promise<void>,
): AsyncGenerator<Message> {
  const peer = context.values.get(peerKey);
  const outbox = new Outbox<Message>();
  const session = { outbox, disconnect: () => peer?.disconnect() };
  let failure: unknown;
  const hearing = hear(session)
    .catch((error: unknown) => {
      failure = error;
      if (isKilnError(error)) logger.warn({ peer: peer?.address, error }, error.message);
    })
    .finally(() => outbox.close());
  yield* outbox;
  await hearing;
  if (failure !== undefined) throw isKilnError(failure) ? asAnswer(failure) : failure;
}

async function hearWorker(
  { term, heartbeatMillis, actor, sessions }: Reign,
  frames: AsyncIterable<WorkerFrame>,
  session: Session<WorkerOrder>,
): Promise<void> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = (await iterator.next()).value?.body;
  if (first?.case !== 'register') throw malformed('a worker that does not say who it is');
  const worker = fromWorkerRegistration(first.value);
  const acknowledge = (number: bigint) =>
    session.outbox.push(create(WorkerOrderSchema, { body: { case: 'acknowledged', value: number } }));
  sessions.addWorker(worker.id, session);
  session.outbox.push(
    create(WorkerOrderSchema, { body: { case: 'welcome', value: { term: BigInt(term), heartbeatMillis } } }),
  );
  const note = (event: MasterEvent, number: bigint) => void actor.post(event).then(() => acknowledge(number));
  note({ type: 'worker-registered', worker }, 0n);
  let isStopping = false;
  try {
    for await (const { body } of rest(iterator)) {
      if (body.case === 'heartbeat') void actor.post({ type: 'worker-heartbeat', workerId: worker.id });
      else if (body.case === 'report') note(reported(worker.id, body.value.what), body.value.number);
      else if (body.case === 'stopping') {
        isStopping = true;
        void actor.post({ type: 'worker-stopping', workerId: worker.id });
      }
    }
  } finally {
    if (sessions.removeWorker(worker.id, session))
      void actor.post({ type: isStopping ? 'worker-stopped' : 'worker-disconnected', workerId: worker.id });
  }
}

type Reported = Extract<WorkerFrame['body'], { case: 'report' }>['value']['what'];

function reported(workerId: Parameters<Sessions['removeWorker']>[0], what: Reported): MasterEvent {
  switch (what.case) {
    case 'executor':
      return { type: 'executor-changed', workerId, executor: fromExecutorReport(what.value) };
    case 'driver':
      return { type: 'driver-changed', workerId, driver: fromDriverReport(what.value) };
    case undefined:
      throw malformed('a report of nothing');
  }
}

async function hearApplication(
  { term, actor, sessions }: Reign,
  frames: AsyncIterable<ApplicationFrame>,
  session: Session<ApplicationNews>,
): Promise<void> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = (await iterator.next()).value?.body;
  if (first?.case !== 'register') throw malformed('an application that does not say who it is');
  const application = fromRegistration(first.value);
  const template = present(first.value.template, 'how executors are started');
  sessions.addApplication(application.id, session, template);
  session.outbox.push(create(ApplicationNewsSchema, { body: { case: 'welcome', value: { term: BigInt(term) } } }));
  const applicationId = application.id;
  void actor.post({ type: 'application-registered', application });
  let hasEnded = false;
  try {
    for await (const { body } of rest(iterator)) {
      if (body.case === 'wants')
        void actor.post({ type: 'executors-wanted', applicationId, wants: fromWants(body.value) });
      else if (body.case === 'release') {
        const executors = body.value.executorIds as ReturnType<typeof fromExecutorReport>['executorId'][];
        void actor.post({ type: 'executors-released', applicationId, executors });
      } else if (body.case === 'ending') {
        hasEnded = true;
        await actor.post({ type: 'application-ended', applicationId, outcome: fromOutcome(body.value.outcome) });
        return;
      }
    }
  } finally {
    if (sessions.removeApplication(applicationId, session) && !hasEnded)
      void actor.post({ type: 'application-disconnected', applicationId });
  }
}

async function* rest<T>(iterator: AsyncIterator<T>): AsyncGenerator<T> {
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

function answered<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw isKilnError(error) ? asAnswer(error) : error;
  }
}

const asAnswer = (error: { readonly message: string }) => new ConnectError(error.message, Code.InvalidArgument);
