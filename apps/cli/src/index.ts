/** The `kiln` command as a function, for programs that bring an environment of their own. */
export type { Environment, Output } from './environment.ts';
export { ExitCode } from './exit-code.ts';
export { runCli } from './program.ts';
