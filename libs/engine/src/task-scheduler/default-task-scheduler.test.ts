import { join } from 'node:path';
import { taskTraceHarness } from './test-support/task-trace.ts';
import { runTraces } from './test-support/traces.ts';

runTraces(join(import.meta.dirname, 'testdata'), taskTraceHarness);
