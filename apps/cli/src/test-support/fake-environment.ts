import type { ExecutorId } from '@kiln/base';
import { Session, type SessionOptions } from '@kiln/client';
import type { EngineEvent, StagePlan } from '@kiln/contracts';
import type { EngineHandle } from '@kiln/host';
import type { Environment } from '../environment.ts';
import type { JobMessage, ThreadTask } from '../job-thread/messages.ts';
import { runTask } from '../job-thread/run-task.ts';
import type { Report } from '../report/report.ts';

/** Rows of (state string, flights bigint): TX 9007199254740993, `a,"b"` NULL, NULL 1. */
const states = [
  '/////7gAAAAQAAAAAAAKABAADgAHAAgACgAAAAAAAAEQAAAAAAAEAAgACAAAAAQACAAAAAQAAAACAAAAVAAAAAQAAADE////FAAA',
  'AAAAAAEYAAAAAAAAAhwAAAAHAAAAZmxpZ2h0cwAAAAAACAAMAAgABwAIAAAAAAAAAUAAAAAQABgABAALABMAFAAAAAwAEAAAABQA',
  'AAAAAAABGAAAAAAAAAUYAAAABQAAAHN0YXRlAAAAAAAAAAQABAAEAAAA/////8gAAAAUAAAAAAAAAAwAFgAUAA8AEAAEAAwAAABA',
  'AAAAAAAAAAAAAAMQAAAABAAKABgADAAIAAQACgAAABQAAABoAAAAAwAAAAAAAAAAAAAABQAAAAAAAAAAAAAACAAAAAAAAAAIAAAA',
  'AAAAABAAAAAAAAAAGAAAAAAAAAAIAAAAAAAAACAAAAAAAAAACAAAAAAAAAAoAAAAAAAAABgAAAAAAAAAAAAAAAIAAAADAAAAAAAA',
  'AAEAAAAAAAAAAwAAAAAAAAABAAAAAAAAAAMAAAAAAAAAAAAAAAIAAAAHAAAABwAAAFRYYSwiYiIABQAAAAAAAAABAAAAAAAgAAAA',
  'AAAAAAAAAQAAAAAAAAD/////AAAAAA==',
].join('');

/** An engine that answers every query with the same three rows. */
export class FakeEngine implements EngineHandle {
  readonly appId = 'fake-1';
  readonly master = 'fake';
  readonly warnings: readonly string[] = [];
  /** Called before each answer: a test throws or waits here. */
  before: (plan: string, signal?: AbortSignal) => unknown = () => {};
  emit: (event: EngineEvent) => void = () => {};
  readonly fields = [
    { name: 'state', dataType: { type: 'string' }, nullable: true },
    { name: 'flights', dataType: { type: 'long' }, nullable: true },
  ] as const;

  async schema(query: Parameters<EngineHandle['schema']>[0]) {
    await this.before(JSON.stringify(query));
    return this.fields;
  }

  async explain(query: Parameters<EngineHandle['explain']>[0]) {
    await this.before(JSON.stringify(query));
    return {
      unresolved: 'U',
      resolved: 'R',
      optimized: 'O',
      physical: 'P',
      stages: [resultStage(`PlanOf${query.plan.type}`)],
      notes: [],
    };
  }

  execute(query: Parameters<EngineHandle['execute']>[0], { signal }: { readonly signal?: AbortSignal }) {
    const { fields, before } = this;
    async function* results() {
      await before(JSON.stringify(query), signal);
      yield new Uint8Array(Buffer.from(states, 'base64'));
    }
    return { jobId: Promise.resolve(0), schema: Promise.resolve(fields), results: results() };
  }

  async write(query: Parameters<EngineHandle['write']>[0]) {
    await this.before(JSON.stringify(query));
    return { rows: 1234, files: 2, bytes: 1536 };
  }

  async showString(_results: readonly Uint8Array[], options: { readonly rows: number }) {
    return `a table of at most ${options.rows} rows\n`;
  }

  listen(listener: { onEvent(event: EngineEvent): void }) {
    this.emit = (event) => listener.onEvent(event);
    return () => {
      this.emit = () => {};
    };
  }

  executeLineage(): never {
    throw new Error('the fake engine runs no RDDs');
  }

  releaseLineage(): void {}

  async defaultParallelism(): Promise<number> {
    return 2;
  }

  releasePlan() {}
  cancelJob() {}

  async usage(): ReturnType<EngineHandle['usage']> {
    throw new Error('not part of the fake');
  }

  async stop() {
    this.emit({
      type: 'executor-removed',
      time: 0,
      executorId: 'driver' as ExecutorId,
      reason: 'stopped',
    });
  }
}

function resultStage(operator: string): StagePlan {
  return {
    id: 0,
    output: { type: 'result' },
    inputs: [],
    scans: [],
    numTasks: 1,
    operators: { name: operator, detail: '', children: [] },
    estimatedBytes: null,
    determinism: 'determinate',
    sharesBuild: false,
  };
}

/** What a command wrote, with the environment it ran in. Jobs run in the same thread. */
export function fakeEnvironment(engine = new FakeEngine(), isTTY = false) {
  const written = { stdout: '', stderr: '' };
  const exits: number[] = [];
  const sessions: SessionOptions[] = [];
  let interrupt = () => {};
  let now = 0;
  const createSession = async (options: SessionOptions) => {
    sessions.push(options);
    return Session.over(engine);
  };
  const environment: Environment = {
    stdout: {
      write(text, onWritten) {
        written.stdout += text;
        onWritten?.();
      },
    },
    stderr: { isTTY, columns: 80, write: (text) => (written.stderr += text) },
    variable: () => undefined,
    readStdin: async () => 'select 2;\n',
    onInterrupt(callback) {
      interrupt = callback;
      return () => {};
    },
    exit: (code) => exits.push(code),
    now: () => now,
    createSession,
    startJob(task: ThreadTask) {
      const controller = new AbortController();
      return {
        cancel: (reason) => controller.abort(new Error(reason)),
        async run(onMessage) {
          let report: Report | undefined;
          const post = (message: JobMessage) => {
            if (message.type === 'failed') report = message.report;
            else onMessage(message);
          };
          await runTask(task, { post, signal: controller.signal, createSession });
          return report;
        },
      };
    },
  };
  return {
    environment,
    written,
    exits,
    sessions,
    interrupt: () => interrupt(),
    pass: (millis: number) => {
      now += millis;
    },
  };
}
