import type { RunLog } from '../run-log.ts';
import type { Scenario } from '../scenario.ts';

const cluster = { kind: 'local-cluster', executors: 2, cores: 1 } as const;
const conf = { 'kiln.shuffle.forceFile': 'true' };
const toDisk = (becomes: 'full' | 'read-only', disk: number, nth = 2) => {
  return { when: { event: 'task-ended', stage: 'shuffle-map', nth }, what: { disk, becomes } } as const;
};

/** Disks of `spark.local.dir` that take no more; what is on them can still be read. */
export const diskScenarios: readonly Scenario[] = [
  {
    name: 'one-disk-full',
    cluster,
    conf,
    disks: 2,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [toDisk('full', 0)],
    claims: { result: 'same', lost: 0, mapsAgain: 0, check: noTaskFails },
    needs: ['root'],
    fixed: true,
  },
  {
    name: 'one-disk-read-only',
    cluster,
    conf,
    disks: 2,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [toDisk('read-only', 0)],
    claims: { result: 'same', lost: 0, mapsAgain: 0, check: noTaskFails },
    needs: ['root'],
    fixed: true,
  },
  {
    name: 'all-disks-full',
    cluster,
    conf,
    disks: 1,
    job: { name: 'slow-groups', options: { splits: 10 } },
    faults: [toDisk('full', 0)],
    claims: { result: { fails: 'KILN_TASK_FAILED', message: /No space left on device|disk/i }, lost: 0 },
    needs: ['root'],
    fixed: false,
  },
];

/** Another disk is tried at once. */
function noTaskFails({ taskErrors }: RunLog): void {
  if (taskErrors.length > 0) throw new Error(`tasks failed: ${taskErrors.join(', ')}`);
}
