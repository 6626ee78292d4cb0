/** One option of `kiln submit`, named as spark-submit's. */
export interface SubmitOption {
  readonly flags: string;
  /** The property that it sets, without `spark.`; `null`: none. */
  readonly property: string | null;
  readonly doc: string;
}

/** Options under the headings of the help. */
export const submitOptions: Readonly<Record<string, readonly SubmitOption[]>> = {
  'Options:': [
    {
      flags: '--master <url>',
      property: 'master',
      doc: 'local[*], local[4], local-cluster[2,1,1024] or kiln://host:port (default: local[*])',
    },
    {
      flags: '--deploy-mode <mode>',
      property: 'submit.deployMode',
      doc: 'client: the driver runs here; cluster: on a machine of the cluster (default: client)',
    },
    { flags: '--name <name>', property: 'app.name', doc: 'name of the application' },
    { flags: '--files <files>', property: 'files', doc: 'files that executors need, between commas' },
    { flags: '--properties-file <file>', property: null, doc: 'settings, instead of conf/spark-defaults.conf' },
  ],
  'Driver:': [
    { flags: '--driver-memory <size>', property: 'driver.memory', doc: 'memory of the driver, for example 512m or 2g' },
  ],
  'Executors:': [
    { flags: '--executor-memory <size>', property: 'executor.memory', doc: 'memory of an executor, for example 2g' },
    { flags: '--executor-cores <n>', property: 'executor.cores', doc: 'task slots of an executor' },
    { flags: '--num-executors <n>', property: 'executor.instances', doc: 'executors to start with' },
    { flags: '--total-executor-cores <n>', property: 'cores.max', doc: 'task slots of all executors together' },
  ],
  'Cluster deploy mode:': [
    { flags: '--driver-cores <n>', property: 'driver.cores', doc: 'cores of the driver (default: 1)' },
    { flags: '--supervise', property: 'driver.supervise', doc: 'start the driver again when it fails' },
    { flags: '--kill <id>', property: null, doc: 'end a driver that was submitted' },
    { flags: '--status <id>', property: null, doc: 'print the state of a driver that was submitted' },
  ],
  'YARN:': [{ flags: '--queue <name>', property: 'yarn.queue', doc: 'queue to submit to (default: default)' }],
};

/** `--executor-memory`. */
export function longFlag({ flags }: Pick<SubmitOption, 'flags'>): string {
  return flags.split(' ')[0] as string;
}

/** Options of spark-submit that have no place here, and what to do instead. */
export const foreignOptions: Readonly<Record<string, string>> = {
  '--class': 'a module is submitted by its file; what its default export does runs',
  '--jars': 'nothing of Kiln runs on a JVM; the packages that a module imports are found as Node.js finds them',
  '--packages': 'install the packages with npm, beside the module',
  '--exclude-packages': 'install the packages with npm, beside the module',
  '--repositories': 'set the registry of npm instead',
  '--py-files': 'nothing of Kiln runs Python; submit a TypeScript or JavaScript module',
  '--archives': 'unpack them and use --files',
  '--driver-java-options': 'nothing of Kiln runs on a JVM',
  '--driver-library-path': 'nothing of Kiln runs on a JVM',
  '--driver-class-path': 'nothing of Kiln runs on a JVM',
  '--proxy-user': 'an application runs as the user who submits it',
  '--principal': 'Kiln does not know Kerberos; see spark.authenticate',
  '--keytab': 'Kiln does not know Kerberos; see spark.authenticate',
  '--load-spark-defaults': 'put what is common into one file and name it with --properties-file',
  '--remote': 'Kiln does not speak Spark Connect yet',
};
