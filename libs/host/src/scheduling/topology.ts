import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { KilnError } from '@kiln/base';
import type { EngineSettings, Logger } from '@kiln/contracts/plugin';

/** Racks of hosts. */
export interface Topology {
  /** Looks the hosts up; never rejects: a host without a rack has none. */
  resolve(hosts: Iterable<string>): Promise<void>;
  /** `null`: it has none; `undefined`: it was not looked up. */
  rackOf(host: string): string | null | undefined;
}

const tableFile = 'spark.hadoop.net.topology.table.file.name';
const scriptFile = 'spark.hadoop.net.topology.script.file.name';
const scriptPatienceMillis = 30_000;
const mostOutputBytes = 1 << 20;

/**
 * Hadoop's settings, since that is where users have them: a table of lines `host rack`, or a script that is called with hosts and prints
 * a rack for each. Without them no host has a rack. Errors: KILN_TOPOLOGY when the table cannot be read.
 */
export async function readTopology(settings: EngineSettings, logger: Logger): Promise<Topology> {
  const table = settings.text(tableFile);
  const script = settings.text(scriptFile);
  if (table !== undefined) return new TableTopology(parseTable(await read(table), table));
  if (script === undefined) return new TableTopology(new Map());
  const most = settings.get('spark.hadoop.net.topology.script.number.args');
  return new ScriptTopology((hosts) => runScript(script, hosts), most, logger);
}

export class TableTopology implements Topology {
  readonly #racks: ReadonlyMap<string, string>;

  constructor(racks: ReadonlyMap<string, string>) {
    this.#racks = racks;
  }

  async resolve(): Promise<void> {}

  rackOf(host: string): string | null {
    return this.#racks.get(host) ?? null;
  }
}

/** Asks for each host once, `most` of them in a call. */
export class ScriptTopology implements Topology {
  readonly #ask: (hosts: readonly string[]) => Promise<readonly string[]>;
  readonly #most: number;
  readonly #logger: Logger;
  readonly #racks = new Map<string, string | null>();
  readonly #asked = new Map<string, Promise<void>>();

  constructor(ask: (hosts: readonly string[]) => Promise<readonly string[]>, most: number, logger: Logger) {
    this.#ask = ask;
    this.#most = most;
    this.#logger = logger;
  }

  async resolve(hosts: Iterable<string>): Promise<void> {
    const wanted = [...new Set(hosts)];
    const unasked = wanted.filter((host) => !this.#asked.has(host));
    for (let at = 0; at < unasked.length; at += this.#most) {
      const batch = unasked.slice(at, at + this.#most);
      const answer = this.#look(batch);
      for (const host of batch) this.#asked.set(host, answer);
    }
    await Promise.all(wanted.map((host) => this.#asked.get(host)));
  }

  rackOf(host: string): string | null | undefined {
    return this.#racks.get(host);
  }

  async #look(hosts: readonly string[]): Promise<void> {
    let racks: readonly string[] = [];
    try {
      racks = await this.#ask(hosts);
      if (racks.length !== hosts.length) throw new Error(`it printed ${racks.length} racks for ${hosts.length} hosts`);
    } catch (error) {
      racks = [];
      this.#logger.warn({ hosts, error }, `the topology script failed (${scriptFile}); these hosts have no rack`);
    }
    for (const [index, host] of hosts.entries()) this.#racks.set(host, racks[index] ?? null);
  }
}

export function parseTable(text: string, file: string): ReadonlyMap<string, string> {
  const racks = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [host, rack, ...rest] = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (host === undefined || host === '') continue;
    if (rack === undefined || rest.length > 0)
      throw new KilnError('KILN_TOPOLOGY', `Line ${index + 1} of '${file}' is not a host and its rack`, {
        hint: `${tableFile} has lines such as 'worker-1 /rack-a'`,
        concerns: { file },
      });
    racks.set(host, rack);
  }
  return racks;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new KilnError('KILN_TOPOLOGY', `The racks of hosts cannot be read from '${file}' (${tableFile})`, {
      cause,
      concerns: { file },
    });
  }
}

async function runScript(script: string, hosts: readonly string[]): Promise<readonly string[]> {
  const options = { timeout: scriptPatienceMillis, maxBuffer: mostOutputBytes };
  const { stdout } = await promisify(execFile)(script, [...hosts], options);
  return stdout.split(/\s+/).filter((word) => word !== '');
}
