/** Entry of the `kiln` command, on Node 24. */
import { processEnvironment } from './environment.ts';
import { runCli } from './program.ts';

// `kiln ... | head`: nobody reads any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const exitCode = await runCli(process.argv.slice(2), processEnvironment());
// What is in the pipes goes out first; then nothing that an engine left may hold the process.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
process.exit(exitCode);
