import { join } from 'node:path';
import { runTraces } from '../task-scheduler/test-support/traces.ts';
import { dagTraceHarness } from './test-support/dag-trace.ts';

runTraces(join(import.meta.dirname, 'testdata'), dagTraceHarness);
