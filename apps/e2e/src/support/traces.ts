import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What engines leave on this machine: processes, open ports, files. Looked up in /proc; on other systems there is nothing to see. */

export interface ProcessInfo {
  readonly pid: number;
  readonly command: string;
}

/** Processes whose arguments contain `text`, such as an application's id; zombies do not count. */
export function processesWith(text: string): readonly ProcessInfo[] {
  return numbersIn('/proc').flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    return command.includes(text) ? [{ pid, command }] : [];
  });
}

/** Executor processes of an application, by executor id. */
export function executorsOf(applicationId: string): ReadonlyMap<string, number> {
  return new Map(
    processesWith(applicationId).map(({ pid, command }) => {
      const words = command.split(' ');
      return [words[words.indexOf(applicationId) + 1] ?? '', pid];
    }),
  );
}

/** TCP ports at which a process listens. */
export function listeningPorts(pid: number = process.pid): readonly number[] {
  const folder = `/proc/${pid}/fd`;
  const sockets = new Set(numbersIn(folder).map((fd) => /^socket:\[(\d+)\]$/.exec(link(`${folder}/${fd}`))?.[1]));
  return ['tcp', 'tcp6'].flatMap((file) =>
    read(`/proc/${pid}/net/${file}`)
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      // 0A: it listens.
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9]))
      .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)),
  );
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Processes end while one looks. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
