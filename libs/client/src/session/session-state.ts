import type { Relation } from '@kiln/contracts';
import { DataFrame } from '../dataframe/dataframe.ts';
import type { FrameContext } from '../dataframe/frame-context.ts';
import { withoutUnusedPlanIds } from '../dataframe/plan-ids.ts';
import type { EngineHandle, EngineQuery } from '../engine-port.ts';
import { clientError } from '../errors.ts';
import { SparkContext } from '../rdd/spark-context.ts';
import { localRelation } from './local-rows.ts';
import { RuntimeConf } from './runtime-conf.ts';
import { ViewCatalog } from './view-catalog.ts';

/** What a session's DataFrames share. */
export class SessionState implements FrameContext {
  readonly conf: RuntimeConf;
  readonly views = new ViewCatalog();
  readonly #engine: EngineHandle;
  readonly #garbage: FinalizationRegistry<number>;
  #stopped = false;
  #sparkContext: SparkContext | undefined;

  constructor(engine: EngineHandle, conf: Readonly<Record<string, string>>) {
    this.#engine = engine;
    this.conf = new RuntimeConf(conf);
    this.#garbage = new FinalizationRegistry((dataFrameId) => {
      if (!this.#stopped) engine.releasePlan(dataFrameId);
    });
  }

  get engine(): EngineHandle {
    if (this.#stopped)
      throw clientError('KILN_SESSION_STOPPED', 'The session is stopped.', {
        hint: 'Create another with Session.create().',
      });
    return this.#engine;
  }

  get sparkContext(): SparkContext {
    const state = this;
    this.#sparkContext ??= new SparkContext({
      get engine() {
        return state.engine;
      },
      get conf() {
        return state.conf.getAll();
      },
      createDataFrame: (rows, schema) => new DataFrame(state, localRelation(rows, schema)),
    });
    return this.#sparkContext;
  }

  nextFrameId(): number {
    const next = lastFrameIds.get(this.#engine) ?? 1;
    lastFrameIds.set(this.#engine, next + 1);
    return next;
  }

  query(plan: Relation, dataFrameId: number | null): EngineQuery {
    return { plan: withoutUnusedPlanIds(plan), views: this.views.all, conf: this.conf.getAll(), dataFrameId };
  }

  releaseWhenCollected(frame: object, dataFrameId: number): void {
    this.#garbage.register(frame, dataFrameId);
  }

  addView(name: string, plan: Relation, replace: boolean): void {
    this.views.add(name, plan, replace);
  }

  dropView(name: string): boolean {
    return this.views.drop(name);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#engine.stop();
  }
}

/** Per engine, since sessions may share one. */
const lastFrameIds = new WeakMap<EngineHandle, number>();
