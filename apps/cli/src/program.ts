import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ExplainOptions } from './commands/explain.ts';
import type { HistoryOptions } from './commands/history.ts';
import type { RunOptions } from './commands/run.ts';
import type { SqlOptions } from './commands/sql.ts';
import type { Environment } from './environment.ts';
import { ExitCode } from './exit-code.ts';
import { reporting } from './report/reporting.ts';
import { declareStandalone } from './standalone/declare.ts';
import { declareSubmit } from './submit/declare.ts';

const examples = `
Examples:
  $ kiln run job.yaml                                 run a job file
  $ kiln run job.yaml --set outputs.0.show=50         change a value of it
  $ kiln run job.yaml --dry-run                       check it without running it
  $ kiln submit --master local[4] app.ts 2026         run a program, with the options of spark-submit
  $ kiln explain job.yaml --step late                 see what a step would do
  $ kiln sql "select 1 + 1 as two"                    run a query
  $ kiln sql -f query.sql --format csv > rows.csv     keep its rows
  $ kiln history show /tmp/spark-events/*             see what applications did

A job file names sources, steps in SQL or TypeScript, and outputs; an example is
in apps/examples/quickstart. Results go to standard output, everything else to
standard error. Exit codes: 0 done, 1 the job failed, 2 the file or an argument
is wrong, 130 cancelled.
`;

/** Not given to commander, whose help would print them. */
const defaults = { set: [], conf: {}, verbose: false };

/** Parses arguments and runs a command. Each command is imported when it is asked for. */
export async function runCli(args: readonly string[], environment: Environment): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.done;
  const program = createProgram(environment, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  }
  return exitCode;
}

function createProgram(environment: Environment, setExitCode: (code: ExitCode) => void): Command {
  const perform = async (verbose: boolean | undefined, command: () => Promise<ExitCode>) =>
    setExitCode(await reporting(environment, verbose ?? false, command));
  const program = new Command('kiln')
    .description('Runs jobs and queries on Kiln, a Spark-like engine.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examples)
    .showHelpAfterError('(kiln --help lists commands and options)')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => environment.stdout.write(text),
      writeErr: (text) => environment.stderr.write(text),
    });

  jobCommand(program.command('run'))
    .summary('run a job file')
    .description('Runs a job file: reads its sources, computes its steps, shows and writes its outputs.')
    .option('--dry-run', 'check the file and the types of every step, but run nothing')
    .action(async (file: string, options: RunOptions) => {
      const { runCommand } = await import('./commands/run.ts');
      await perform(options.verbose, () => runCommand(environment, file, { ...defaults, ...options }));
    });

  declareSubmit(program.command('submit'), collectConf, async (file, args, flags) => {
    const { submitCommand } = await import('./commands/submit.ts');
    await perform(flags.verbose, () => submitCommand(environment, file, args, { ...defaults, ...flags }));
  });

  engineOptions(program.command('sql'))
    .summary('run a query')
    .description('Runs one query in SQL and prints its result.')
    .argument('[query]', 'the query')
    .option('-f, --file <file>', 'read the query from a file; - is standard input')
    .addOption(
      new Option('--format <format>', 'how rows are printed; json: one object per line')
        .choices(['table', 'csv', 'json'])
        .default('table'),
    )
    .option('--rows <n>', 'the most rows of a table; csv and json print all', positiveInteger, 100)
    .action(async (query: string | undefined, options: SqlOptions) => {
      const { sqlCommand } = await import('./commands/sql.ts');
      await perform(options.verbose, () => sqlCommand(environment, query, { ...defaults, ...options }));
    });

  jobCommand(program.command('explain'))
    .summary('print the plans of a job file')
    .description('Prints what the outputs of a job file, or one of its steps, would run.')
    .option('--step <name>', 'a source or step instead of the outputs')
    .addOption(
      new Option('--mode <mode>', 'simple: operators; extended: all forms of the plan; formatted: stages')
        .choices(['simple', 'extended', 'formatted'])
        .default('simple'),
    )
    .action(async (file: string, options: ExplainOptions) => {
      const { explainCommand } = await import('./commands/explain.ts');
      await perform(options.verbose, () => explainCommand(environment, file, { ...defaults, ...options }));
    });

  declareStandalone(program, collectConf, positiveInteger, {
    master: async (flags) => {
      const { masterCommand } = await import('./commands/master.ts');
      await perform(flags.verbose, () => masterCommand(environment, { ...defaults, ...flags }));
    },
    worker: async (master, flags) => {
      const { workerCommand } = await import('./commands/worker.ts');
      await perform(flags.verbose, () => workerCommand(environment, master, { ...defaults, ...flags }));
    },
    shuffleService: async (flags) => {
      const { shuffleServiceCommand } = await import('./commands/shuffle-service.ts');
      await perform(flags.verbose, () => shuffleServiceCommand(environment, { ...defaults, ...flags }));
    },
    status: async (flags) => {
      const { clusterStatusCommand } = await import('./commands/cluster.ts');
      await perform(flags.verbose, () => clusterStatusCommand(environment, { ...defaults, ...flags }));
    },
  });

  program
    .command('history')
    .summary('look at what applications did')
    .description('Reads event logs, which spark.eventLog.enabled=true makes applications write.')
    .command('show')
    .description('Prints the executors, jobs and stages of an application, with figures of the tasks of each stage.')
    .argument('<files...>', 'event logs; also of an application that runs or was killed')
    .addOption(
      new Option('--format <format>', 'json: an object for each application').choices(['text', 'json']).default('text'),
    )
    .option('--verbose', 'print the settings too')
    .action(async (files: readonly string[], options: HistoryOptions) => {
      const { historyShowCommand } = await import('./commands/history.ts');
      await perform(options.verbose, () => historyShowCommand(environment, files, { ...defaults, ...options }));
    });
  return program;
}

function jobCommand(command: Command): Command {
  return engineOptions(command)
    .argument('<file>', 'the job file')
    .option(
      '--set <path=value>',
      'put a value into the file, for example outputs.0.path=/tmp/out; may be repeated',
      collect,
    );
}

function engineOptions(command: Command): Command {
  return command
    .option('--master <url>', 'where to run: local[*], local[4], or the URL of a cluster manager')
    .option(
      '-c, --conf <name=value>',
      'a setting, for example spark.sql.shuffle.partitions=8; may be repeated',
      collectConf,
    )
    .option('--verbose', 'say more, and print the stack of errors');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function collectConf(value: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const equals = value.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It has the form name=value.');
  return { ...before, [value.slice(0, equals)]: value.slice(equals + 1) };
}

function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It is not a whole number above 0.');
  return Number(value);
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
