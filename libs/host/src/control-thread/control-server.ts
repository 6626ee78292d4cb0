import { errorToData, type JobId, type SettingName } from '@kiln/base';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { Query } from '@kiln/contracts/planner';
import type { EngineSettings } from '@kiln/contracts/plugin';
import type { WriteMode } from '@kiln/contracts/storage';
import { showString } from '@kiln/engine/native';
import type { JobRequest } from '../driver/driver-parts.ts';
import type { JobListener } from '../driver/job.ts';
import type { EngineRuntime } from './engine-runtime.ts';
import { KeptOutputs } from './kept-outputs.ts';
import type {
  ControlMethods,
  EngineLineage,
  EngineQuery,
  ExplainResult,
  FromControl,
  ShowOptions,
  ToControl,
  WriteResult,
} from './messages.ts';
import { Outbox } from './outbox.ts';

/** The control thread's end of the conversation: one method per message, answers in any order. */
export class ControlServer {
  readonly #runtime: EngineRuntime;
  readonly #post: (message: FromControl) => void;
  /** Of calls that run jobs, to cancel them. */
  readonly #calls = new Map<number, AbortController>();
  readonly #events: Outbox<EngineEvent>;
  readonly #kept: KeptOutputs;
  #unlisten = () => {};

  constructor(runtime: EngineRuntime, post: (message: FromControl) => void) {
    this.#runtime = runtime;
    this.#post = post;
    this.#events = new Outbox((events) => post({ type: 'events', events }));
    this.#kept = new KeptOutputs(
      () => runtime.mapOutputBytes,
      () => post({ type: 'collect-garbage' }),
    );
  }

  onMessage(message: ToControl): void {
    if (message.type === 'cancel') return this.#calls.get(message.id)?.abort(message.reason);
    this.#calls.set(message.id, new AbortController());
    const method = this[message.method] as (id: number, ...parameters: readonly unknown[]) => unknown;
    void Promise.resolve()
      .then(() => method.call(this, message.id, ...message.parameters))
      .then((value) => {
        this.#events.flush();
        this.#post({ type: 'answer', id: message.id, value });
      })
      .catch((error) => {
        this.#events.flush();
        this.#post({ type: 'error', id: message.id, error: errorToData(error) });
      })
      .finally(() => this.#calls.delete(message.id));
  }

  async schema(_id: number, query: EngineQuery): Promise<ReturnType<ControlMethods['schema']>> {
    return this.#runtime.driver.schema(this.#query(query, 'collect'));
  }

  async explain(_id: number, query: EngineQuery): Promise<ExplainResult> {
    const { plan } = await this.#runtime.driver.explain(this.#query(query, actionOf(query)));
    return { ...plan.explain, stages: plan.stages, notes: plan.notes };
  }

  async execute(id: number, query: EngineQuery, description: string): Promise<null> {
    const results = new Outbox<Uint8Array>((data) => this.#post({ type: 'results', id, data }));
    await this.#run(id, query, description, null, { onResult: (data) => results.add(data) });
    results.flush();
    return null;
  }

  async write(id: number, query: EngineQuery, mode: WriteMode, description: string): Promise<WriteResult> {
    const { plan } = query;
    if (plan.type !== 'write') throw new Error('a write needs a write plan');
    return this.#run(id, query, description, { path: plan.path, format: plan.format, mode }, { onResult: () => {} });
  }

  async executeLineage(id: number, { lineage, conf }: EngineLineage, description: string): Promise<WriteResult> {
    const { settings } = this.#runtime.settings.with(conf);
    const { defaultParallelism } = this.#runtime;
    const { action } = lineage;
    const request = {
      query: { lineage, conf: normalConf(settings), defaultParallelism },
      description,
      dataFrameId: null,
      write: action.type === 'save-text' ? { path: action.path, format: 'text', mode: action.mode } : null,
    };
    const results = new Outbox<Uint8Array>((data) => this.#post({ type: 'results', id, data }));
    const written = await this.#submit(id, request, { onResult: (data) => results.add(data) });
    results.flush();
    return written;
  }

  releaseLineage(_id: number, shuffles: readonly number[]): null {
    this.#runtime.driver.releaseLineage(shuffles);
    return null;
  }

  defaultParallelism(): number {
    return this.#runtime.defaultParallelism;
  }

  async showString(_id: number, results: readonly Uint8Array[], options: ShowOptions): Promise<string> {
    return showString(results, options);
  }

  async releasePlan(_id: number, dataFrameId: number): Promise<null> {
    await this.#runtime.driver.releasePlan(dataFrameId);
    return null;
  }

  cancelJob(_id: number, jobId: number, reason: string): null {
    this.#runtime.driver.cancel(jobId as JobId, reason);
    return null;
  }

  listen(_id: number, types: readonly EngineEvent['type'][] | null): null {
    this.#unlisten();
    this.#unlisten = this.#runtime.bus.listen({
      ...(types === null ? {} : { events: types }),
      onEvent: (event) => this.#events.add(event),
    });
    return null;
  }

  async usage(): Promise<ReturnType<ControlMethods['usage']>> {
    return this.#runtime.usage();
  }

  async stop(): Promise<null> {
    await this.#runtime.stop();
    return null;
  }

  async #run(
    id: number,
    query: EngineQuery,
    description: string,
    write: { path: string; format: string; mode: WriteMode } | null,
    listener: JobListener,
  ): Promise<WriteResult> {
    const request = {
      query: this.#query(query, write === null ? 'collect' : 'write'),
      description,
      dataFrameId: query.dataFrameId,
      write,
    };
    return this.#submit(id, request, listener);
  }

  async #submit(id: number, request: JobRequest, listener: JobListener): Promise<WriteResult> {
    this.#kept.beforeJob();
    const signal = this.#calls.get(id)?.signal ?? AbortSignal.abort('the call is over');
    const job = await this.#runtime.driver.submit(request, listener, signal);
    if (job === undefined) return { rows: 0, files: 0, bytes: 0 };
    this.#post({ type: 'job', id, jobId: job.id, schema: job.query.schema });
    await job.done;
    return job.written;
  }

  #query(query: EngineQuery, action: Query['action']): Query {
    return {
      plan: query.plan,
      views: query.views,
      conf: normalConf(this.#runtime.settings.with(query.conf).settings),
      action,
      defaultParallelism: this.#runtime.defaultParallelism,
    };
  }
}

/** What was set, checked, in the catalogue's units (bytes, milliseconds), so that nobody behind it parses `64MB` again. */
function normalConf(settings: EngineSettings): Readonly<Record<string, string>> {
  const names = Object.keys(settings.entries()) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, String(settings.get(name) ?? settings.text(name))]));
}

function actionOf(query: EngineQuery): Query['action'] {
  return query.plan.type === 'write' ? 'write' : 'collect';
}
