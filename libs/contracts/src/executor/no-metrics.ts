import type { TaskMetrics } from './boundary.ts';

/** Of a task that did not run, or of which nothing is known. */
export const noMetrics: TaskMetrics = {
  executorRunNanos: 0,
  executorCpuNanos: 0,
  deserializeNanos: 0,
  peakExecutionMemory: 0,
  memoryBytesSpilled: 0,
  diskBytesSpilled: 0,
  inputBytes: 0,
  inputRows: 0,
  outputBytes: 0,
  outputRows: 0,
  shuffleReadBytes: 0,
  shuffleReadRows: 0,
  remoteBlocksFetched: 0,
  localBlocksFetched: 0,
  remoteBytesRead: 0,
  remoteBytesReadToDisk: 0,
  localBytesRead: 0,
  fetchWaitNanos: 0,
  shuffleWriteBytes: 0,
  shuffleWriteRows: 0,
  shuffleWriteNanos: 0,
  resultBytes: 0,
};
