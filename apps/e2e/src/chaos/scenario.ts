import type { EngineEvent, StageInfo } from '@kiln/contracts';
import type { RunLog } from './run-log.ts';

/** What is run, what is broken and when, and what must hold nevertheless: plain data but for `check`. */
export interface Scenario {
  /** Its name on the command line and in reports. */
  readonly name: string;
  readonly cluster: ClusterSpec;
  /** Settings of the application. */
  readonly conf?: Readonly<Record<string, string>>;
  readonly job: JobCall;
  readonly faults: readonly Fault[];
  /** Faults that were drawn by lot: their moment may never come, and what they break may be gone already. */
  readonly random?: boolean;
  readonly claims: Claims;
  /** What the machine or the engine must have; without it the scenario is skipped. */
  readonly needs?: readonly Need[];
  /** `process`: the driver has a process of its own, which can be killed. Default: it lives in the chaos program. */
  readonly driver?: 'here' | 'process';
  /** `spark.local.dir` is so many small disks of their own, which can be filled and made read-only. Default: one folder. */
  readonly disks?: number;
  /** Runs in every `npm test`; the others by `npm run chaos` only. */
  readonly fixed: boolean;
}

export type ClusterSpec =
  /** Executor and driver in one process. */
  | { readonly kind: 'local'; readonly cores: number }
  /** `hosts`: the executors count as on different hosts. */
  | { readonly kind: 'local-cluster'; readonly executors: number; readonly cores: number; readonly hosts?: boolean }
  /** `kiln master` and workers of `kiln worker`, each a process. */
  | { readonly kind: 'standalone'; readonly workers: number; readonly cores: number };

export interface JobCall {
  readonly name: string;
  readonly options?: Readonly<Record<string, string | number>>;
}

export interface Fault {
  readonly when: When;
  readonly what: What;
}

/** The n-th event (1 is the first and the default) of a type since the start of the job, of those that the rest describes. */
export interface When {
  readonly event: EngineEvent['type'];
  readonly nth?: number;
  /** Also after it, so many events later each time. */
  readonly every?: number;
  readonly stage?: StageInfo['kind'];
  readonly executor?: string;
  /** Of copies of slow tasks. */
  readonly speculative?: boolean;
}

export type What =
  | { readonly signal: NodeJS.Signals; readonly to: Victim }
  /** Starts again what was killed: with its port and its state. */
  | { readonly start: 'master' | 'worker' }
  /** Shuffle files, as many of those that are there as `files` says (1). */
  | { readonly damage: Damage; readonly files?: number | 'all' }
  /** The way between driver and executors, which goes through a proxy then. */
  | { readonly way: 'cut' | 'hold' | 'release' }
  /** Of `disks`. */
  | { readonly disk: number; readonly becomes: 'full' | 'read-only' }
  | { readonly cancel: 'the job' };

export type Damage = 'delete' | 'truncate' | 'flip-bit' | 'cut-index';

/** `executor of the event`: that runs the task of the event that is the trigger. `executor 0`: by its id, even when it was declared lost. */
export type Victim =
  | 'executor of the event'
  | `executor ${number}`
  | 'all executors'
  | 'driver'
  | 'master'
  | `worker ${number}`;

export interface Claims {
  /** The rows of an undisturbed run, or a failure with a code; `gone`: nobody is left to tell. */
  readonly result: 'same' | 'gone' | { readonly fails: string; readonly message?: RegExp };
  /** Executors that are lost: exactly so many. */
  readonly lost?: number;
  /** Map tasks that run again after they had succeeded: a number, or exactly those whose outputs were on lost executors. */
  readonly mapsAgain?: number | 'of the lost';
  /** What else must show from the events; throws. */
  readonly check?: (log: RunLog) => void;
}

export type Need = 'linux' | 'root';
