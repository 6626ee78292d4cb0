import { errorToData, type JobId, type SettingName } from '@kiln/base';
import type { EngineEvent } from '@kiln/contracts/listener';
import type { EngineSettings } from '@kiln/contracts/plugin';
import type { WriteMode } from '@kiln/contracts/storage';
import type { Query } from '@kiln/contracts/planner';
import { showString } from '@kiln/engine/native';
import type { JobListener } from '../driver/job.ts';
import type { EngineRuntime } from './engine-runtime.ts';
import type { ControlMethods, EngineQuery, ExplainResult, FromControl, ShowOptions, ToControl, WriteResult } from './messages.ts';

/** The control thread's end of the conversation: one method per message, answers in any order. */
export class ControlServer {
  readonly #runtime: EngineRuntime;
  readonly #post: (message: FromControl) => void;
  readonly #jobs = new Map<number, JobId>();
  /** Cancelled before the job had an id. */
  readonly #cancelled = new Map<number, string>();
  #events: EngineEvent[] = [];
  #unlisten = () => {};

  constructor(runtime: EngineRuntime, post: (message: FromControl) => void) {
    this.#runtime = runtime;
    this.#post = post;
  }

  onMessage(message: ToControl): void {
    if (message.type === 'cancel') return this.#cancel(message.id, message.reason);
    const method = this[message.method] as (id: number, ...parameters: readonly unknown[]) => unknown;
    void Promise.resolve()
      .then(() => method.call(this, message.id, ...message.parameters))
      .then((value) => {
        this.#flushEvents();
        this.#post({ type: 'answer', id: message.id, value });
      })
      .catch((error) => {
        this.#flushEvents();
        this.#post({ type: 'error', id: message.id, error: errorToData(error) });
      })
      .finally(() => {
        this.#jobs.delete(message.id);
        this.#cancelled.delete(message.id);
      });
  }

  async schema(_id: number, query: EngineQuery): Promise<ReturnType<ControlMethods['schema']>> {
    return this.#runtime.driver.schema(this.#query(query, 'collect'));
  }

  async explain(_id: number, query: EngineQuery): Promise<ExplainResult> {
    const { planned } = await this.#runtime.driver.plan({ query: this.#query(query, actionOf(query)), description: 'explain', dataFrameId: null, write: null });
    return { ...planned.plan.explain, stages: planned.plan.stages, notes: planned.plan.notes };
  }

  async execute(id: number, query: EngineQuery, description: string): Promise<null> {
    let waiting: Uint8Array[] = [];
    const flush = () => {
      if (waiting.length > 0) this.#post({ type: 'results', id, data: waiting });
      waiting = [];
    };
    const listener: JobListener = {
      onResult(data) {
        if (waiting.push(data) === 1) setImmediate(flush);
      },
    };
    await this.#run(id, query, description, null, listener);
    flush();
    return null;
  }

  async write(id: number, query: EngineQuery, mode: WriteMode, description: string): Promise<WriteResult> {
    const { plan } = query;
    if (plan.type !== 'write') throw new Error('a write needs a write plan');
    return this.#run(id, query, description, { path: plan.path, format: plan.format, mode }, { onResult: () => {} });
  }

  async showString(_id: number, results: readonly Uint8Array[], options: ShowOptions): Promise<string> {
    return showString(results, options);
  }

  releasePlan(_id: number, dataFrameId: number): null {
    this.#runtime.driver.releasePlan(dataFrameId);
    return null;
  }

  cancelJob(_id: number, jobId: number, reason: string): null {
    this.#runtime.driver.cancel(jobId as JobId, reason);
    return null;
  }

  listen(_id: number, types: readonly EngineEvent['type'][] | null): null {
    this.#unlisten();
    this.#unlisten = this.#runtime.bus.listen({ ...(types === null ? {} : { events: types }), onEvent: (event) => this.#onEvent(event) });
    return null;
  }

  usage(): ReturnType<ControlMethods['usage']> {
    return this.#runtime.backend.usage();
  }

  async stop(): Promise<null> {
    await this.#runtime.stop();
    return null;
  }

  async #run(id: number, query: EngineQuery, description: string, write: { path: string; format: string; mode: WriteMode } | null, listener: JobListener): Promise<WriteResult> {
    const request = { query: this.#query(query, write === null ? 'collect' : 'write'), description, dataFrameId: query.dataFrameId, write };
    const staged = await this.#runtime.driver.plan(request);
    const job = await this.#runtime.driver.start(staged, request, listener);
    if (job === undefined) return { rows: 0, files: 0, bytes: 0 };
    this.#jobs.set(id, job.id);
    this.#post({ type: 'job', id, jobId: job.id, schema: staged.planned.plan.schema });
    const cancelled = this.#cancelled.get(id);
    if (cancelled !== undefined) this.#runtime.driver.cancel(job.id, cancelled);
    await job.done;
    return job.written;
  }

  #cancel(id: number, reason: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined) this.#cancelled.set(id, reason);
    else this.#runtime.driver.cancel(job, reason);
  }

  #query(query: EngineQuery, action: Query['action']): Query {
    return { plan: query.plan, views: query.views, conf: normalConf(this.#runtime.settings.with(query.conf).settings), action, defaultParallelism: this.#runtime.defaultParallelism };
  }

  #onEvent(event: EngineEvent): void {
    if (this.#events.push(event) === 1) setImmediate(() => this.#flushEvents());
  }

  #flushEvents(): void {
    if (this.#events.length === 0) return;
    this.#post({ type: 'events', events: this.#events });
    this.#events = [];
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
