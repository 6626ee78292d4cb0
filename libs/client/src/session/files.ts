import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { nearest, Settings } from '@kiln/base';
import { clientError } from '../errors.ts';
import { absolutePath } from './paths.ts';

/** Where the file of that name is which the application brought: `conf` is that of its session. Errors: KILN_ARGUMENT. */
export function applicationFile(name: string, conf: Readonly<Record<string, string>>): string {
  const files = Settings.from(conf).settings.get('spark.files');
  const file = files.find((path) => basename(path) === name);
  if (file === undefined) {
    const names = files.map((path) => basename(path));
    const like = nearest(name, names);
    throw clientError('KILN_ARGUMENT', `The application brought no file '${name}'.`, {
      hint:
        like !== undefined
          ? `Did you mean '${like}'?`
          : names.length > 0
            ? `It brought: ${names.join(', ')}.`
            : 'Name it with --files of kiln submit, or in the setting spark.files.',
    });
  }
  const path = absolutePath(file);
  if (existsSync(path)) return path;
  throw clientError('KILN_ARGUMENT', `The file ${path}, which spark.files names, is not there.`, {
    concerns: { file },
  });
}
