import type { Damage, Scenario } from '../scenario.ts';

/** The index, at the end of a file, is read once: whoever wrote the file knows it. */
const damages: readonly Damage[] = ['delete', 'truncate', 'flip-bit'];

/** What disks do to a file between the stage that wrote it and the one that reads it. */
export const shuffleFileScenarios: readonly Scenario[] = damages.map((damage) => ({
  name: `shuffle-file-${damage}`,
  cluster: { kind: 'local-cluster', executors: 2, cores: 1 },
  conf: { 'kiln.shuffle.forceFile': 'true' },
  job: { name: 'order-groups-twice' },
  faults: [{ when: { event: 'job-ended' }, what: { damage } }],
  claims: {
    result: 'same',
    lost: 0,
    mapsAgain: 1,
    check: (log) => {
      if (!log.taskErrors.includes('FETCH_FAILED')) throw new Error(`no fetch failed: ${log.taskErrors.join(', ')}`);
    },
  },
  fixed: true,
}));
