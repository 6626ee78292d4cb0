import type { EngineEvent } from '@kiln/contracts';
import { perform, trigger } from './faults.ts';
import { missing } from './needs.ts';
import type { Fault, JobCall, Scenario } from './scenario.ts';
import { until, within } from './until.ts';
import { World } from './world.ts';

export interface Report {
  readonly scenario: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped; what was counted when it passed. */
  readonly text: string;
  readonly millis: number;
}

/** A job that is disturbed a lot on a machine that does other things too; all of TPC-H is the longest. */
const jobMillis = 600_000;
const idleMillis = 15_000;

/** Never rejects. */
export async function runScenario(scenario: Scenario): Promise<Report> {
  const startedAt = Date.now();
  const report = (verdict: Report['verdict'], text: string): Report => {
    return { scenario: scenario.name, verdict, text, millis: Date.now() - startedAt };
  };
  const lack = missing(scenario.needs ?? []);
  if (lack !== null) return report('skipped', lack);
  try {
    return report('passed', await disturbed(scenario));
  } catch (error) {
    return report('failed', textOf(error));
  }
}

/** Runs a scenario. Errors: the claim that does not hold. The answer: what was counted. */
async function disturbed(scenario: Scenario): Promise<string> {
  const expected = scenario.claims.result === 'same' ? await undisturbed(scenario.job) : [];
  const world = await World.open(scenario);
  try {
    const faults = new FaultPlan(scenario, world);
    const outcome = await within(
      'the job ends',
      jobMillis,
      resultOf(world.driver.run(scenario.job, () => faults.done())),
    );
    await faults.done();
    checkResult(scenario, outcome, expected);
    await becomesIdle(world);
    // What a session loses when it ends is no loss of the job.
    const counts = checkCounts(scenario, world);
    await world.end();
    return scenario.random === true ? `${faults.count} of ${scenario.faults.length} faults, ${counts}` : counts;
  } finally {
    await world.close();
  }
}

type Outcome = readonly string[] | (Error & { readonly code?: string });

function resultOf(rows: Promise<readonly string[]>): Promise<Outcome> {
  return rows.catch((error: Error) => error);
}

/** Faults that wait for their events. */
class FaultPlan {
  readonly #happening: Promise<void>[] = [];
  readonly #expected: Promise<unknown>;
  readonly #isRandom: boolean;

  constructor({ faults, random = false }: Scenario, world: World) {
    this.#isRandom = random;
    const each = faults.map((fault) => this.#arm(fault, world));
    world.listen((event) => {
      for (const { onEvent } of each) onEvent(event);
    });
    this.#expected = random ? Promise.resolve() : Promise.all(each.map(({ happened }) => happened));
    this.#expected.catch(() => {});
  }

  get count(): number {
    return this.#happening.length;
  }

  /** Errors: a fault that did not happen, so that the run proves nothing. */
  async done(): Promise<void> {
    await this.#expected;
    await Promise.all(this.#happening);
  }

  #arm({ when, what }: Fault, world: World): { onEvent: (event: EngineEvent) => void; happened: Promise<unknown> } {
    const begun = Promise.withResolvers<void>();
    const isIt = trigger(when, world.log);
    const onEvent = (event: EngineEvent) => {
      if (!isIt(event)) return;
      const happening = perform(what, event, world);
      this.#happening.push(this.#isRandom ? happening.catch(() => {}) : happening);
      happening.catch(() => {});
      begun.resolve();
    };
    if (this.#isRandom) return { onEvent, happened: begun.promise };
    return { onEvent, happened: within(`the fault ${JSON.stringify({ when, what })}`, jobMillis, begun.promise) };
  }
}

const results = new Map<string, Promise<readonly string[]>>();

/** Rows of the job where nothing is disturbed; run once for each job. */
function undisturbed({ name, options }: JobCall): Promise<readonly string[]> {
  const job = { name, options: { ...options, fault: 'none' } };
  const key = JSON.stringify(job);
  const known = results.get(key);
  if (known !== undefined) return known;
  const quiet = (async () => {
    const cluster = { kind: 'local', cores: 2 } as const;
    const world = await World.open({
      name: 'quiet',
      cluster,
      job,
      faults: [],
      claims: { result: 'same' },
      fixed: false,
    });
    try {
      return await within(
        'the undisturbed job',
        jobMillis,
        world.driver.run(job, async () => {}),
      );
    } finally {
      await world.close();
    }
  })();
  results.set(key, quiet);
  return quiet;
}

function checkResult({ claims: { result } }: Scenario, outcome: Outcome, expected: readonly string[]): void {
  if (result === 'same') {
    if (outcome instanceof Error) throw new Error(`the job failed: ${textOf(outcome)}`, { cause: outcome });
    if (expected.length === 0) throw new Error('the undisturbed job has no rows: it proves nothing');
    const wrong = outcome.length === expected.length ? outcome.findIndex((row, index) => row !== expected[index]) : -2;
    if (wrong !== -1)
      throw new Error(
        `other rows: ${outcome.length} instead of ${expected.length}, e.g. ${outcome.find((row) => !expected.includes(row)) ?? 'rows are missing or doubled'}`,
      );
    return;
  }
  const code = result === 'gone' ? 'DRIVER_GONE' : result.fails;
  if (!(outcome instanceof Error))
    throw new Error(`the job gave ${outcome.length} rows instead of failing with ${code}`);
  if (outcome.code !== code)
    throw new Error(`the job failed with ${outcome.code} instead of ${code}: ${textOf(outcome)}`);
  if (result !== 'gone' && result.message !== undefined && !result.message.test(textOf(outcome)))
    throw new Error(`the failure does not say ${result.message}: ${textOf(outcome)}`);
}

/** No task, reservation, spill file or program is left of the job. */
async function becomesIdle({ driver }: World): Promise<void> {
  let last = '';
  await until('executors become idle', idleMillis, async () => {
    const usage = await driver.usage();
    last = JSON.stringify(usage);
    if (usage === null) return true;
    const { liveTasks, reservedBytes, temporaryFiles, programs } = usage;
    return liveTasks + reservedBytes + temporaryFiles + programs === 0 ? true : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; they hold ${last}`);
  });
}

function checkCounts({ claims, driver }: Scenario, { log }: World): string {
  const { lostExecutors, mapsAgain, mapsLost } = log;
  const counts = `${log.of('task-started').length} tasks, ${lostExecutors.length} executors lost, ${mapsAgain} maps again`;
  if (claims.result !== 'gone' && log.violations.length > 0)
    throw new Error(`${log.violations.join(', ')} (${counts})`);
  if (claims.lost !== undefined && lostExecutors.length !== claims.lost)
    throw new Error(
      `${claims.lost} executors should be lost: ${log
        .of('executor-removed')
        .map(({ executorId, reason }) => `${executorId} (${reason})`)
        .join(', ')}`,
    );
  const again = claims.mapsAgain === 'of the lost' ? mapsLost : claims.mapsAgain;
  if (again !== undefined && mapsAgain !== again) throw new Error(`${again} maps should run again (${counts})`);
  claims.check?.(log);
  return driver === 'process' ? 'the driver was gone' : counts;
}

/** With its causes. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, cause } = error as Error & { code?: string };
  return `${code === undefined ? '' : `${code}: `}${error.message}${cause === undefined ? '' : `; ${textOf(cause)}`}`;
}
