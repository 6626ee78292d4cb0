import { existsSync, statSync } from 'node:fs';
import { extname, parse, resolve } from 'node:path';
import { KilnError } from '@kiln/base';
import { readConfFile } from './conf-file.ts';
import { type ConfEntry, checkValues, confOf, effective } from './layers.ts';
import { longFlag, submitOptions } from './options.ts';

/** What the command line said, by names as commander makes them (`executorMemory`). */
export interface SubmitFlags {
  readonly conf: Readonly<Record<string, string>>;
  readonly propertiesFile?: string;
  readonly kill?: string;
  readonly status?: string;
  readonly verbose: boolean;
  readonly [flag: string]: unknown;
}

/** An application to submit, with all that was said about it put together. */
export interface SubmitRequest {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly kind: 'job-file' | 'module';
  /** In the order of names, for people. */
  readonly settings: readonly ConfEntry[];
  readonly conf: Readonly<Record<string, string>>;
  readonly master: string;
  readonly deployMode: 'client' | 'cluster';
  /** What is odd, but no error. */
  readonly warnings: readonly string[];
}

/**
 * Puts together what is known before any code of the application runs: flags over the job file over the file with defaults. Settings that
 * the application's code makes are set over these later. Errors: KILN_ARGUMENT, KILN_SETTINGS_*, {@link JobFileError}.
 */
export async function submitRequest(
  file: string,
  args: readonly string[],
  flags: SubmitFlags,
  confDir: string | null,
): Promise<SubmitRequest> {
  const kind = kindOf(file);
  const layers = [
    kind === 'module' ? [{ name: 'spark.app.name', value: parse(file).name, origin: 'the name of the file' }] : [],
    await readConfFile({ propertiesFile: flags.propertiesFile ?? null, confDir }),
    kind === 'job-file' ? await jobFileEntries(file, args) : [],
    Object.entries(flags.conf).map(([name, value]) => ({ name, value, origin: '--conf' })),
    flagEntries(flags),
  ];
  const settings = effective(layers);
  checkValues(settings);
  const master = settings.get('spark.master')?.value ?? 'local[*]';
  const deployMode = settings.get('spark.submit.deployMode')?.value.toLowerCase() === 'cluster' ? 'cluster' : 'client';
  checkFiles(settings.get('spark.files'));
  checkDeployMode(deployMode, master, settings);
  return {
    file,
    arguments: args,
    kind,
    settings: [...settings.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    conf: confOf(settings),
    master,
    deployMode,
    warnings: warningsOf(master, flags),
  };
}

/** The cluster that `--kill` and `--status` ask. Errors: KILN_ARGUMENT, KILN_SETTINGS_*. */
export async function driverRequest(
  file: string | undefined,
  flags: SubmitFlags,
  confDir: string | null,
): Promise<Pick<SubmitRequest, 'master' | 'conf'>> {
  const flag = flags.kill === undefined ? '--status' : '--kill';
  const problem =
    file !== undefined
      ? `${flag} asks about a driver and submits nothing: leave ${file} out`
      : flags.kill !== undefined && flags.status !== undefined
        ? 'One of --kill and --status is enough'
        : null;
  if (problem !== null) throw new KilnError('KILN_ARGUMENT', problem);
  const layers = [
    await readConfFile({ propertiesFile: flags.propertiesFile ?? null, confDir }),
    Object.entries(flags.conf).map(([name, value]) => ({ name, value, origin: '--conf' })),
    flagEntries(flags),
  ];
  const settings = effective(layers);
  checkValues(settings);
  const master = settings.get('spark.master')?.value;
  if (master === undefined || !/^kiln:/i.test(master)) {
    const given = master === undefined ? '' : `; ${master} runs no drivers`;
    throw new KilnError('KILN_ARGUMENT', `${flag} needs the URL of a cluster${given}`, {
      hint: `For example: kiln submit --master kiln://host:7077 ${flag} <id>`,
    });
  }
  return { master, conf: confOf(settings) };
}

/** The settings that flags stand for. */
export function flagEntries(flags: Readonly<Record<string, unknown>>): readonly ConfEntry[] {
  return Object.values(submitOptions)
    .flat()
    .flatMap((option) => {
      const flag = longFlag(option);
      const value = flags[flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())];
      if (option.property === null || value === undefined || value === false) return [];
      return [{ name: `spark.${option.property}`, value: String(value), origin: flag }];
    });
}

function kindOf(file: string): SubmitRequest['kind'] {
  const extension = extname(file).toLowerCase();
  const kind = ['.yaml', '.yml'].includes(extension)
    ? 'job-file'
    : moduleExtensions.includes(extension)
      ? 'module'
      : null;
  if (kind === null) {
    const hint = `A job file ends in .yaml or .yml, a module in ${moduleExtensions.join(', ')}`;
    throw new KilnError('KILN_ARGUMENT', `${file} is neither a job file nor a module`, { hint });
  }
  const problem = !existsSync(file) ? 'there is no such file' : statSync(file).isDirectory() ? 'it is a folder' : null;
  if (problem !== null) throw new KilnError('KILN_ARGUMENT', `${file} cannot be submitted: ${problem}`);
  return kind;
}

const moduleExtensions = ['.ts', '.mts', '.js', '.mjs'];

async function jobFileEntries(file: string, args: readonly string[]): Promise<readonly ConfEntry[]> {
  const option = args.find((arg) => arg.startsWith('-'));
  if (option !== undefined) {
    throw new KilnError('KILN_ARGUMENT', `${option} stands behind ${file}, where values for the job file stand`, {
      hint: 'Options of kiln submit come before the file; values look like outputs.0.show=50',
    });
  }
  const { loadJob } = await import('@kiln/client/job-file');
  const { name, engine = {} } = (await loadJob(file, { set: args })).definition;
  const entries = { 'spark.app.name': name, 'spark.master': engine.master, ...engine.conf };
  return Object.entries(entries).flatMap(([key, value]) =>
    value === undefined ? [] : [{ name: key, value: String(value), origin: file }],
  );
}

function checkFiles(entry: ConfEntry | undefined): void {
  for (const file of (entry?.value ?? '').split(',').flatMap((part) => part.trim() || []))
    if (!existsSync(resolve(file)))
      throw new KilnError('KILN_ARGUMENT', `${entry?.origin}: there is no file ${file}`, { concerns: { file } });
}

function checkDeployMode(mode: string, master: string, settings: ReadonlyMap<string, ConfEntry>): void {
  const origin = settings.get('spark.submit.deployMode')?.origin;
  if (mode === 'cluster' && !/^kiln:/i.test(master)) {
    throw new KilnError('KILN_ARGUMENT', `${master} cannot run a driver: ${origin} needs a cluster`, {
      hint: 'Give its URL, for example --master kiln://host:7077, or leave out the deploy mode',
    });
  }
  const supervise = settings.get('spark.driver.supervise');
  if (mode === 'client' && supervise?.value.toLowerCase() === 'true' && supervise.origin.startsWith('--')) {
    throw new KilnError('KILN_ARGUMENT', `${supervise.origin} is for drivers that a cluster runs`, {
      hint: 'Add --deploy-mode cluster',
    });
  }
}

/** Local masters say all of this themselves. */
const notLocal = ['executorCores', 'numExecutors', 'totalExecutorCores', 'driverCores'];

function warningsOf(master: string, flags: SubmitFlags): readonly string[] {
  const flagOf = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const idle = /^local(\[|$)/i.test(master) ? notLocal.filter((name) => flags[name] !== undefined).map(flagOf) : [];
  return [
    ...(idle.length > 0 ? [`${idle.join(', ')} ${idle.length > 1 ? 'have' : 'has'} no effect on ${master}`] : []),
    ...(flags['queue'] === undefined ? [] : [`--queue is for YARN: ${master} has no queues`]),
  ];
}
