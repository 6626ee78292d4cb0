/** An executor process: started by a cluster manager with an ExecutorLaunch in `KILN_EXECUTOR`, it serves one driver until that ends. */
import { enableCompileCache } from 'node:module';
import { type ExecutorLaunch, executorLaunchVariable } from '@kiln/contracts/cluster-manager';
import { removeFilesOf, whenParentIsGone } from '@kiln/launcher';

// Half of the start is compiling JavaScript otherwise.
enableCompileCache();
const launch = process.env[executorLaunchVariable];
let isOrphan = false;
// Nobody holds it to its memory any more: it ends as when it is told to.
whenParentIsGone(() => {
  isOrphan = true;
  process.kill(process.pid, 'SIGTERM');
});
const { runExecutor } = await import('@kiln/host/executor-process');
process.exitCode = await runExecutor();
// Otherwise who started it does that.
if (isOrphan) await removeFilesOf(process.pid, (JSON.parse(launch ?? '{}') as Partial<ExecutorLaunch>).localDirs ?? []);
// Whatever a plugin left running must not keep a useless process alive.
process.exit();
