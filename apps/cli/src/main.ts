/** Entry of the `kiln` command, on Node 24. */
import { processEnvironment } from './environment.ts';
import { runCli } from './program.ts';

const args = process.argv.slice(2);
// `kiln ... | head`: nobody reads any more. A job goes on: its files are wanted all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exit(1);
  if (args[0] !== 'run') process.exit(0);
});
// Nobody reads what is said about it either.
process.stderr.on('error', () => {});

const exitCode = await runCli(args, processEnvironment());
// What is in the pipes goes out first; then nothing that an engine left may hold the process.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
process.exit(exitCode);
