/**
 * Entry of a driver that a cluster runs (`--deploy-mode cluster`): a worker starts it in the driver's work directory, with a `DriverLaunch`
 * as JSON in the environment variable KILN_DRIVER. Its exit code is the application's: 0 done, 130 ended from outside, else failed.
 */
import { whenParentIsGone } from '@kiln/launcher';
import { processEnvironment } from '../environment.ts';
import { ExitCode } from '../exit-code.ts';
import { runDriver } from './run-driver.ts';

// Without its worker nobody knows of it any more, and another one may be started in its place.
whenParentIsGone(() => {
  if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(ExitCode.interrupted);
});
process.exit(await runDriver(processEnvironment(), process.env));
