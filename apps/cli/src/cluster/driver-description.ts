import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { KilnError, Settings } from '@kiln/base';
import { type JobDefinition, loadJob } from '@kiln/client/job-file';
import type { DriverApplication, DriverDescription, DriverFile } from '@kiln/contracts/cluster-manager';
import type { SubmitRequest } from '../submit/request.ts';
import { moduleFiles } from './module-files.ts';

/** What a driver gets when nothing says it: Spark's 1 GiB. */
const defaultMemoryBytes = 2 ** 30;
/** All files together: the master keeps them, and takes no more. */
const mostBytes = 8 * 2 ** 20;

/**
 * An application as a cluster runs it: its files, the modules that they reach by relative paths and `--files` travel with it into the
 * driver's work directory. Packages must be installed where drivers run. Errors: KILN_ARGUMENT, KILN_JOB_FILE, KILN_JOB_MODULE.
 */
export async function driverDescription(request: SubmitRequest): Promise<DriverDescription> {
  const { settings } = Settings.from(request.conf);
  const own = request.kind === 'module' ? await ofModule(request) : await ofJobFile(request);
  const given = settings.get('spark.files').map((file) => ({ path: basename(file), absolute: resolve(file) }));
  checkNames([...own.files, ...given]);
  return {
    name: request.conf['spark.app.name'] ?? basename(request.file),
    application: own.application,
    conf: confThere(request.conf, given),
    resources: {
      cores: settings.get('spark.driver.cores'),
      memoryBytes: settings.get('spark.driver.memory') ?? defaultMemoryBytes,
    },
    supervise: settings.get('spark.driver.supervise'),
    files: await contents([...own.files, ...given]),
  };
}

interface SourceFile {
  /** In the work directory. */
  readonly path: string;
  readonly absolute: string;
}

interface Own {
  readonly application: DriverApplication;
  readonly files: readonly SourceFile[];
}

async function ofModule({ file, arguments: args }: SubmitRequest): Promise<Own> {
  const files = belowOne(await moduleFiles(file));
  return { application: { type: 'module', path: (files[0] as SourceFile).path, arguments: args }, files };
}

/** Paths of data mean there what they mean here: they become absolute. Modules of steps travel along. */
async function ofJobFile({ file, arguments: args }: SubmitRequest): Promise<Own> {
  const job = await loadJob(file, { set: args });
  const modules = Object.values(job.definition.steps ?? {}).flatMap((step) =>
    'module' in step && step.module.startsWith('.') ? [resolve(job.folder, step.module)] : [],
  );
  const reached = await Promise.all(modules.map((module) => moduleFiles(module)));
  const files = belowOne([resolve(file), ...new Set(reached.flat())]);
  const set = [...args, ...absolutePaths(job.definition, job.folder)];
  return { application: { type: 'job-file', path: (files[0] as SourceFile).path, set }, files };
}

function absolutePaths({ sources = {}, outputs }: JobDefinition, folder: string): readonly string[] {
  const absolute = (path: string) =>
    /^[a-z][a-z0-9+.-]+:/i.test(path) || isAbsolute(path) ? path : resolve(folder, path);
  const set = (path: string, value: string | readonly string[]) => `${path}=${JSON.stringify(value)}`;
  return [
    ...Object.entries(sources).flatMap(([name, { path }]) => {
      if (path === undefined) return [];
      return [set(`sources.${name}.path`, typeof path === 'string' ? absolute(path) : path.map(absolute))];
    }),
    ...outputs.flatMap((output, index) =>
      'path' in output ? [set(`outputs.${index}.path`, absolute(output.path))] : [],
    ),
  ];
}

/** Relative to the deepest folder that holds them all. */
function belowOne(files: readonly string[]): readonly SourceFile[] {
  let root = dirname(files[0] as string);
  while (files.some((file) => relative(root, file).startsWith('..'))) root = dirname(root);
  return files.map((file) => ({ path: relative(root, file).split(sep).join('/'), absolute: file }));
}

function checkNames(files: readonly SourceFile[]): void {
  const seen = new Map<string, string>();
  for (const { path, absolute } of files) {
    const other = seen.get(path);
    if (other !== undefined && other !== absolute) {
      throw new KilnError(
        'KILN_ARGUMENT',
        `${other} and ${absolute} would both be ${path} in the driver's work directory`,
        {
          hint: 'Give one of them another name',
        },
      );
    }
    seen.set(path, absolute);
  }
}

async function contents(files: readonly SourceFile[]): Promise<readonly DriverFile[]> {
  const unique = [...new Map(files.map((file) => [file.path, file])).values()];
  const read = await Promise.all(unique.map(async ({ path, absolute }) => ({ path, bytes: await readFile(absolute) })));
  const bytes = read.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes > mostBytes) {
    throw new KilnError(
      'KILN_ARGUMENT',
      `The files of the application have ${Math.ceil(bytes / 2 ** 20)} MiB together`,
      {
        hint: `At most ${mostBytes / 2 ** 20} MiB travel with a driver: put large files where every machine can read them`,
      },
    );
  }
  return read.map((file) => ({ path: file.path, base64: file.bytes.toString('base64') }));
}

/** The cluster gives its drivers the secret; files are where they were put. */
function confThere(
  conf: Readonly<Record<string, string>>,
  files: readonly SourceFile[],
): Readonly<Record<string, string>> {
  const { 'spark.authenticate.secret': _, ...rest } = conf;
  return files.length === 0 ? rest : { ...rest, 'spark.files': files.map(({ path }) => path).join(',') };
}
