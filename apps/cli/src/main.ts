/** Entry of the `kiln` command, on Node 24. */
import { processEnvironment } from './environment.ts';
import { runCli } from './program.ts';

const args = process.argv.slice(2);
/** What these do is wanted though nobody reads what they say. */
const goOnAlone: readonly (string | undefined)[] = ['run', 'submit', 'master', 'worker'];
// `kiln ... | head`: nobody reads any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exit(1);
  if (!goOnAlone.includes(args[0])) process.exit(0);
});
// Nobody reads what is said about it either.
process.stderr.on('error', () => {});

if (['run', 'submit', 'sql', 'explain'].includes(args[0] ?? '')) {
  // Whoever starts Kiln by this command reads it; programs read the structured log.
  process.env['KILN_LOG_FORMAT'] ??= 'text';
  // Of what is no error the progress tells what matters.
  process.env['KILN_LOG'] ??= args.includes('--verbose') ? 'warn' : 'error';
}

const exitCode = await runCli(args, processEnvironment());
// What is in the pipes goes out first; then nothing that an engine left may hold the process.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
process.exit(exitCode);
