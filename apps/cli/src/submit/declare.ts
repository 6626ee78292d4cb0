import { type Command, Option } from 'commander';
import { foreignOptions, submitOptions } from './options.ts';
import type { SubmitFlags } from './request.ts';

const description =
  'Runs an application with the options of spark-submit: a job file (.yaml), or a module (.ts, .js) whose default export ' +
  'is a function of a session and the arguments, or whose top level makes sessions itself.';

const notes = `
Arguments after the file are the application's; of a job file they are values to put into it (outputs.0.show=50).
Settings: what the code says wins over options, options over the job file, the job file over conf/spark-defaults.conf
($KILN_CONF_DIR/spark-defaults.conf, or the file of --properties-file). An option of its own wins over --conf.

  $ kiln submit --master local[4] job.yaml outputs.0.show=50
  $ kiln submit --master kiln://host:7077 --executor-memory 2g --conf spark.sql.shuffle.partitions=64 app.ts 2026
  $ kiln submit --master kiln://host:7077 --deploy-mode cluster --supervise app.ts
  $ kiln submit --master kiln://host:7077 --status <id>
`;

/** Adds `kiln submit`; `collectConf` reads a `--conf`. */
export function declareSubmit(
  command: Command,
  collectConf: (value: string, before?: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  action: (file: string | undefined, args: readonly string[], flags: SubmitFlags) => Promise<void>,
): void {
  command
    .summary('run an application, with the options of spark-submit')
    .description(description)
    .usage('[options] <job file | module> [arguments]')
    .argument('[file]')
    .argument('[arguments...]')
    .passThroughOptions()
    .showHelpAfterError('(kiln submit --help lists the options)')
    .configureOutput({ outputError: (message, write) => write(withForeignOption(message)) })
    .addHelpText('after', notes)
    .action((file: string | undefined, args: readonly string[], flags: SubmitFlags) => action(file, args, flags));
  for (const [heading, options] of Object.entries(submitOptions)) {
    for (const { flags, doc } of options) command.addOption(new Option(flags, doc).helpGroup(heading));
    if (heading !== 'Options:') continue;
    command.addOption(
      new Option('-c, --conf <name=value>', 'a setting; may be repeated').argParser(collectConf).helpGroup(heading),
    );
    command.addOption(
      new Option('-v, --verbose', 'say where each setting comes from, and print the stack of errors').helpGroup(
        heading,
      ),
    );
  }
}

/** Commander's message about an unknown option, with what a user of spark-submit should know. */
export function withForeignOption(message: string): string {
  const flag = /unknown option '(--[\w-]+)/.exec(message)?.[1] ?? '';
  const foreign = foreignOptions[flag];
  return foreign === undefined
    ? message
    : `error: ${flag} is an option of spark-submit that Kiln does not have: ${foreign}\n`;
}
