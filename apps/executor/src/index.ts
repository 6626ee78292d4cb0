/** An executor process: started by a cluster manager with an ExecutorLaunch in `KILN_EXECUTOR`, it serves one driver until that ends. */
import { enableCompileCache } from 'node:module';
import { whenParentIsGone } from '@kiln/launcher';

// Half of the start is compiling JavaScript otherwise.
enableCompileCache();
// Nobody holds it to its memory any more: it ends as when it is told to.
whenParentIsGone(() => process.kill(process.pid, 'SIGTERM'));
const { runExecutor } = await import('@kiln/host/executor-process');
process.exitCode = await runExecutor();
// Whatever a plugin left running must not keep a useless process alive.
process.exit();
