import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClusterFlags } from '../commands/cluster.ts';
import type { MasterFlags } from '../commands/master.ts';
import type { ShuffleServiceFlags } from '../commands/shuffle-service.ts';
import type { WorkerFlags } from '../commands/worker.ts';

type CollectConf = (value: string, before?: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;

const masterNotes = `
A cluster is a master and workers. On one machine:

  $ kiln master                                       in one terminal
  $ kiln worker kiln://127.0.0.1:7077                 in another
  $ kiln run --master kiln://127.0.0.1:7077 job.yaml  in a third

All processes of a cluster, and who submits to it, prove that they know its secret: that of --secret-file, else the
settings spark.authenticate.secret and spark.authenticate.secret.file, else the environment variable KILN_AUTH_SECRET,
else the file ~/.kiln/secret, which the first master makes. Copy it to the other machines.
With --recovery-directory a master that is started again goes on where it was, and a second one, on the same or another
machine with the same directory, stands by. Running applications go on while there is no master.
Ctrl-C or SIGTERM stops it.
`;

const workerNotes = `
  $ kiln worker kiln://127.0.0.1:7077
  $ kiln worker --host 10.0.0.7 --cores 8 --memory 24g kiln://10.0.0.5:7077,10.0.0.6:7077

It starts executors, and drivers of --deploy-mode cluster, when the master says so; what they write is in
<work directory>/<application>/<executor>/stdout and stderr. An executor that holds more memory than spark.executor.memory
and its overhead is ended. When the worker ends, so does what it has started. Ctrl-C or SIGTERM stops it.
`;

const serviceNotes = `
One on each host, under the cluster's secret:

  $ kiln shuffle-service
  $ kiln shuffle-service --host 10.0.0.7

It serves the files of executors that have registered, also when they are gone (executors of clusters do not register yet). It removes an application's files when its driver says that it has ended, after a day in
which it heard nothing of it, or after the machine's next start. It may be restarted at any time. Ctrl-C or SIGTERM stops it.
`;

/** Adds `kiln master`, `kiln worker`, `kiln shuffle-service` and `kiln cluster`. */
export function declareStandalone(
  program: Command,
  collectConf: CollectConf,
  positiveInteger: (value: string) => number,
  actions: {
    readonly master: (flags: MasterFlags) => Promise<void>;
    readonly worker: (master: string, flags: WorkerFlags) => Promise<void>;
    readonly shuffleService: (flags: ShuffleServiceFlags) => Promise<void>;
    readonly status: (flags: ClusterFlags) => Promise<void>;
  },
): void {
  const common = (command: Command) =>
    command
      .option('--secret-file <file>', "file with the cluster's secret")
      .option('-c, --conf <name=value>', 'a setting, for example spark.worker.timeout=30; may be repeated', collectConf)
      .option('--verbose', 'say more, and print the stack of errors');
  common(
    program
      .command('master')
      .summary('run the master of a cluster')
      .description('Runs the master of a cluster: it gives the cores and memory of workers to applications.')
      .option('--host <host>', 'name or address of this machine for others; it listens there', '127.0.0.1')
      .option('--port <port>', 'port to listen at; 0: any that is free', port, 7077)
      .option('--recovery-directory <folder>', 'keep the state here; several masters that share it stand by'),
  )
    .addHelpText('after', masterNotes)
    .action((flags: MasterFlags) => actions.master(flags));
  common(
    program
      .command('worker')
      .summary('run a worker of a cluster')
      .description('Offers the cores and memory of this machine to the applications of a cluster.')
      .argument('<master>', 'URL that the master has printed; standby masters after commas')
      .option('--host <host>', 'name or address of this machine for others; executors listen there', '127.0.0.1')
      .option('--cores <n>', 'cores to give away (default: all)', positiveInteger)
      .option('--memory <size>', 'memory to give away, for example 24g (default: all but 1 GiB)')
      .option('--work-dir <folder>', 'where executors and drivers work', 'work'),
  )
    .addHelpText('after', workerNotes)
    .action((master: string, flags: WorkerFlags) => actions.worker(master, flags));
  common(
    program
      .command('shuffle-service')
      .summary('serve the shuffle files of executors that are gone')
      .description('Serves the shuffle files of executors on this machine, also when they are gone.')
      .option('--host <host>', 'name or address of this machine for others; it listens there', '127.0.0.1')
      .option(
        '--port <port>',
        'port to listen at (default: spark.shuffle.service.port, 7337); 0: any that is free',
        port,
      )
      .option('--directory <folder>', 'where it keeps what it knows (default: in ~/.kiln/shuffle-service)'),
  )
    .addHelpText('after', serviceNotes)
    .action((flags: ShuffleServiceFlags) => actions.shuffleService(flags));
  common(
    program
      .command('cluster')
      .summary('look at a cluster')
      .description('Asks the master of a cluster.')
      .command('status')
      .description('Prints the workers, applications and drivers of a cluster.')
      .option('--master <url>', 'URL of the cluster (default: spark.master, or kiln://localhost:7077)')
      .addOption(new Option('--format <format>', 'how it is printed').choices(['text', 'json']).default('text')),
  ).action((flags: ClusterFlags) => actions.status(flags));
}

function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new InvalidArgumentError('It is not a port.');
  return Number(value);
}
