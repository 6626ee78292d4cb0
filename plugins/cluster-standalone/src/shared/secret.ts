import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { KilnError } from '@kiln/base';
import { isMissing } from '../system/files.ts';

/** The name under which all processes of a cluster prove its secret. */
export const clusterIdentity = 'cluster';

export const secretVariable = 'KILN_AUTH_SECRET';

/** Secrets that are shorter can be guessed. */
const minCharacters = 16;

export interface SecretSources {
  /** `--secret-file`. */
  readonly file?: string | undefined;
  /** `spark.authenticate.secret` and `spark.authenticate.secret.file`. */
  readonly conf: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The secret of a cluster: the option, else the settings, else the environment variable KILN_AUTH_SECRET, else the user's own file
 * `~/.kiln/secret`. Errors: KILN_ARGUMENT_SECRET.
 */
export function clusterSecret({ file, conf, environment }: SecretSources): string {
  if (file !== undefined) return readSecret(file);
  const text = conf['spark.authenticate.secret'];
  if (text !== undefined) return checked(text, 'spark.authenticate.secret');
  const named = conf['spark.authenticate.secret.file'];
  if (named !== undefined) return readSecret(named);
  const variable = environment[secretVariable];
  if (variable !== undefined && variable !== '') return checked(variable, secretVariable);
  return readSecret(userSecretFile(environment));
}

/** As {@link clusterSecret}, but the user's own file is made when it is the last resort and not there: for masters. */
export async function clusterSecretOrNew(sources: SecretSources): Promise<string> {
  try {
    return clusterSecret(sources);
  } catch (error) {
    const file = userSecretFile(sources.environment);
    if ((error as KilnError).concerns?.['file'] !== file || !isMissing((error as KilnError).cause)) throw error;
    await createSecret(file);
    return clusterSecret(sources);
  }
}

export const userSecretFile = (environment: SecretSources['environment']): string =>
  join(environment['HOME'] ?? homedir(), '.kiln', 'secret');

/** Of two masters that make it at the same time one does. */
async function createSecret(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(8).toString('hex')}`;
  await writeFile(temporary, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary);
}

function readSecret(file: string): string {
  try {
    return checked(readFileSync(file, 'utf8').trim(), file);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new KilnError('KILN_ARGUMENT_SECRET', `The cluster's secret is missing: there is no file ${file}`, {
      hint: `Copy the file from the machine of the master, name another one in spark.authenticate.secret.file, or set ${secretVariable}`,
      concerns: { file },
      cause,
    });
  }
}

function checked(secret: string, where: string): string {
  if (secret.length >= minCharacters) return secret;
  throw new KilnError(
    'KILN_ARGUMENT_SECRET',
    `The cluster's secret in ${where} is shorter than ${minCharacters} characters`,
    {
      hint: 'A good one: openssl rand -base64 32',
      concerns: { where },
    },
  );
}
