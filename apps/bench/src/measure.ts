import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One finished process with all its children: seconds of wall clock and CPU, peak of their summed resident memory. */
export interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const pollMs = 100;
const ticksPerSecond = 100;

/** Runs a command to its end. Memory and CPU are read from /proc, so only Linux gives them. */
export async function measure(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const watch = watchTree(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, ...watch.stop(), exitCode, stdout, stderr };
}

function watchTree(child: ChildProcess): { stop(): { cpuSeconds: number; peakRssMb: number } } {
  let peakRssMb = 0;
  const cpu = new Map<number, number>();
  const look = () => {
    let rss = 0;
    for (const process of child.pid === undefined ? [] : tree(child.pid)) {
      rss += process.rssMb;
      cpu.set(process.pid, process.cpuSeconds);
    }
    peakRssMb = Math.max(peakRssMb, rss);
  };
  look();
  const timer = setInterval(look, pollMs);
  return {
    stop() {
      clearInterval(timer);
      return { cpuSeconds: [...cpu.values()].reduce((a, b) => a + b, 0), peakRssMb: Math.round(peakRssMb) };
    },
  };
}

interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly rssMb: number;
  readonly cpuSeconds: number;
}

function tree(root: number): readonly ProcessInfo[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => info(Number(name)));
  const found: ProcessInfo[] = [];
  const wanted = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const process of all) {
      if (found.includes(process) || !(wanted.has(process.pid) || wanted.has(process.parent))) continue;
      wanted.add(process.pid);
      found.push(process);
      grown = true;
    }
  }
  return found;
}

function info(pid: number): ProcessInfo[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold spaces and parentheses: fields count from the last one. Then: state, ppid, ... utime is the 12th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid, parent: Number(fields[1]), rssMb: Number(rss) / 1024, cpuSeconds: ticks / ticksPerSecond }];
  } catch {
    return [];
  }
}
