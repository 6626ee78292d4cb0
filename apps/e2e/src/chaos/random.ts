import type { Fault, JobCall, Scenario, What, When } from './scenario.ts';

/** Drawn from 0 to below `below`. */
export type Draw = (below: number) => number;

/** Mulberry32: the same numbers for the same seed, everywhere. */
export function drawsOf(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Scenario number `round` of a seed: it depends on nothing else, so that one round can be run again by itself. */
export function randomScenario(seed: number, round: number): Scenario {
  const draw = drawsOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b));
  const one = <T>(choices: readonly T[]): T => choices[draw(choices.length)] as T;
  const executors = 1 + draw(3);
  const job = one(jobs)(draw);
  const faults = Array.from({ length: 1 + draw(3) }, () => one(kinds)(draw)).flat();
  const damages = faults.some(({ what }) => 'damage' in what);
  return {
    name: `${job.name}${job.options === undefined ? '' : ` ${Object.values(job.options).join(' ')}`} on ${executors}: ${faults.map(faultText).join(', ')}`,
    cluster: { kind: 'local-cluster', executors, cores: 1 + draw(2) },
    conf: { ...patient, ...(damages ? { 'kiln.shuffle.forceFile': 'true' } : {}) },
    job,
    faults,
    random: true,
    claims: { result: 'same' },
    fixed: false,
  };
}

/** No number of faults may fail the job: what is tested is that it gives the right rows in the end. */
const patient = {
  'spark.task.maxFailures': '50',
  'spark.stage.maxConsecutiveAttempts': '50',
  'spark.deploy.maxExecutorRetries': '-1',
  'spark.network.timeout': '5s',
  'spark.executor.heartbeatInterval': '500ms',
};

const jobs: readonly ((draw: Draw) => JobCall)[] = [
  (draw) => ({ name: 'slow-groups', options: { splits: 4 + draw(12) } }),
  () => ({ name: 'order-groups' }),
  () => ({ name: 'order-groups-twice' }),
  (draw) => ({ name: 'tpch', options: { query: 1 + draw(22) } }),
  (draw) => ({ name: 'slow-write', options: { splits: 4 + draw(8) } }),
];

const kinds: readonly ((draw: Draw) => readonly Fault[])[] = [
  (draw) => [{ when: moment(draw), what: { signal: 'SIGKILL', to: 'executor of the event' } }],
  (draw) => [{ when: moment(draw), what: { signal: 'SIGKILL', to: 'all executors' } }],
  (draw) => [
    { when: moment(draw), what: { signal: 'SIGSTOP', to: 'executor of the event' } },
    { when: { event: 'executor-removed' }, what: { signal: 'SIGCONT', to: 'executor 0' } },
  ],
  (draw) => [{ when: moment(draw), what: { way: 'cut' } }],
  (draw) => [
    {
      when: { event: 'stage-completed', stage: 'shuffle-map', nth: 1 + draw(3) },
      what: { damage: (['delete', 'truncate', 'flip-bit'] as const)[draw(3)] ?? 'delete' },
    },
  ],
];

function moment(draw: Draw): When {
  return { event: draw(2) === 0 ? 'task-started' : 'task-ended', nth: 1 + draw(12) };
}

function faultText({ when: { event, nth = 1 }, what }: Fault): string {
  return `${whatText(what)} at ${event} ${nth}`;
}

function whatText(what: What): string {
  if ('signal' in what) return `${what.signal} to ${what.to}`;
  const [[word, thing] = []] = Object.entries(what);
  return `${word} ${thing}`;
}
