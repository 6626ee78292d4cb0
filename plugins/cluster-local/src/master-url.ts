import { KilnError } from '@kiln/base';

/** `local`, `local[4]`, `local[*]`, and `local[4,3]`: 4 slots, each task may fail 3 times before the job does. */
export interface LocalMaster {
  readonly slots: number;
  readonly maxTaskFailures: number;
}

/** `local-cluster[2,1,1024]`: 2 executor processes with 1 slot and 1024 MiB each. */
export interface LocalClusterMaster {
  readonly executors: number;
  readonly cores: number;
  readonly memoryBytes: number;
}

const localPattern = /^local(?:\[\s*(\*|\d+)\s*(?:,\s*(\d+)\s*)?\])?$/;
const clusterPattern = /^local-cluster\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]$/;

export function parseLocalMaster(master: string, cores: number): LocalMaster {
  const match = localPattern.exec(master);
  const slots = match?.[1] === undefined ? 1 : match[1] === '*' ? cores : Number(match[1]);
  const maxTaskFailures = match?.[2] === undefined ? 1 : Number(match[2]);
  if (match === null || slots < 1 || maxTaskFailures < 1) {
    throw new KilnError('KILN_MASTER_URL', `'${master}' is not a local master`, {
      hint: "Write 'local', 'local[N]' with N of 1 or more, 'local[*]' for all cores, or 'local[N,F]' to let a task fail F times",
      concerns: { master },
    });
  }
  return { slots, maxTaskFailures };
}

export function parseLocalClusterMaster(master: string): LocalClusterMaster {
  const [executors = 0, cores = 0, mebibytes = 0] = clusterPattern.exec(master)?.slice(1).map(Number) ?? [];
  if (executors < 1 || cores < 1 || mebibytes < 1) {
    throw new KilnError('KILN_MASTER_URL', `'${master}' is not a local cluster`, {
      hint: "Write 'local-cluster[N,C,M]': N executor processes with C slots and M MiB of memory each, such as local-cluster[2,1,1024]",
      concerns: { master },
    });
  }
  return { executors, cores, memoryBytes: mebibytes * 1024 * 1024 };
}
