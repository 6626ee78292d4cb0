import { KilnError } from '@kiln/base';

/** `local`, `local[4]`, `local[*]`, and `local[4,3]`: 4 slots, each task may fail 3 times before the job does. */
export interface LocalMaster {
  readonly slots: number;
  readonly maxTaskFailures: number;
}

const pattern = /^local(?:\[\s*(\*|\d+)\s*(?:,\s*(\d+)\s*)?\])?$/;

export function parseLocalMaster(master: string, cores: number): LocalMaster {
  const match = pattern.exec(master);
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
