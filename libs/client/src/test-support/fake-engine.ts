import type { EngineEvent, EngineListener, ExecutorUsage, StructField } from '@kiln/contracts';
import type {
  EngineHandle,
  EngineLineage,
  EngineQuery,
  Execution,
  ExplainResult,
  JobOptions,
  LineageExecution,
  ShowOptions,
  WriteResult,
} from '../engine-port.ts';

/** What a fake engine answers: Arrow streams with their schema. */
export interface FakeResult {
  readonly fields: readonly StructField[];
  readonly streams: readonly Uint8Array[];
}

export interface FakeCall {
  readonly method: 'schema' | 'explain' | 'execute' | 'write' | 'showString';
  readonly query: EngineQuery | null;
  readonly description: string | null;
}

/** An engine that runs nothing: it remembers what it was asked and answers what it was told to. */
export class FakeEngine implements EngineHandle {
  readonly appId = 'fake-1';
  readonly master = 'fake';
  readonly warnings: readonly string[] = [];
  readonly calls: FakeCall[] = [];
  readonly released: number[] = [];
  readonly cancelled: string[] = [];
  stopped = 0;
  /** Answers; a test replaces them. */
  result: (query: EngineQuery) => FakeResult | Promise<FakeResult> = () => ({ fields: [], streams: [] });
  written: (query: EngineQuery) => WriteResult | Promise<WriteResult> = () => ({ rows: 0, files: 0, bytes: 0 });
  readonly #listeners = new Set<EngineListener>();

  get queries(): EngineQuery[] {
    return this.calls.flatMap(({ query }) => (query === null ? [] : [query]));
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener.onEvent(event);
  }

  async schema(query: EngineQuery): Promise<readonly StructField[]> {
    this.calls.push({ method: 'schema', query, description: null });
    return (await this.result(query)).fields;
  }

  async explain(query: EngineQuery): Promise<ExplainResult> {
    this.calls.push({ method: 'explain', query, description: null });
    return {
      unresolved: 'unresolved',
      resolved: 'resolved',
      optimized: 'optimized',
      physical: 'physical',
      stages: [],
      notes: ['a note'],
    };
  }

  execute(query: EngineQuery, { description, signal }: JobOptions): Execution {
    this.calls.push({ method: 'execute', query, description });
    signal?.addEventListener('abort', () => this.cancelled.push(String(signal.reason)));
    const result = Promise.resolve().then(() => this.result(query));
    const schema = result.then(({ fields }) => fields);
    schema.catch(() => {});
    async function* results() {
      for (const stream of (await result).streams) {
        signal?.throwIfAborted();
        yield stream;
      }
    }
    return { jobId: Promise.resolve(0), schema, results: results() };
  }

  async write(query: EngineQuery, { description, mode }: JobOptions & { readonly mode: string }): Promise<WriteResult> {
    this.calls.push({ method: 'write', query, description: `${mode} ${description}` });
    return this.written(query);
  }

  async showString(results: readonly Uint8Array[], options: ShowOptions): Promise<string> {
    this.calls.push({ method: 'showString', query: null, description: JSON.stringify(options) });
    return `${results.length} streams\n`;
  }

  releasePlan(dataFrameId: number): void {
    this.released.push(dataFrameId);
  }

  executeLineage(_query: EngineLineage, _options: JobOptions): LineageExecution {
    throw new Error('the fake engine runs no RDDs');
  }

  releaseLineage(shuffles: readonly number[]): void {
    this.released.push(...shuffles);
  }

  async defaultParallelism(): Promise<number> {
    return 2;
  }

  listen(listener: EngineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  cancelJob(jobId: number, reason: string): void {
    this.cancelled.push(`${jobId}: ${reason}`);
  }

  async usage(): Promise<ExecutorUsage> {
    return {
      liveTasks: 0,
      reservedBytes: 0,
      storageBytes: 0,
      diskBytes: 0,
      temporaryFiles: 0,
      mapOutputs: 0,
      programs: 0,
      sharedBuilds: 0,
    };
  }

  async stop(): Promise<void> {
    this.stopped++;
  }
}
