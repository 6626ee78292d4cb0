import { z } from 'zod';

/** Absent in the logs of older versions: 0 there. */
const nanos = (doc: string) => z.number().default(0).describe(`${doc} Nanoseconds.`);
const bytes = (doc: string) => z.number().default(0).describe(`${doc} Bytes.`);
const count = (doc: string) => z.number().default(0).describe(doc);

/** What a task attempt used: Spark's task metrics, as far as they mean something here. */
export const metrics = z
  .object({
    executorRunNanos: nanos('From the start of the task on its executor to its end.'),
    executorCpuNanos: nanos('Processor time of it.'),
    gcNanos: nanos('Collecting garbage of JavaScript, of tasks that run functions of users.'),
    deserializeNanos: nanos('Making the task from its program.'),
    peakExecutionMemory: bytes('Most memory that its operators held.'),
    memoryBytesSpilled: bytes('What was spilled, as it was in memory.'),
    diskBytesSpilled: bytes('The same, as written to disk.'),
    inputBytes: bytes('Read from files and other sources.'),
    inputRows: count('Rows of that.'),
    outputBytes: bytes('Written to files.'),
    outputRows: count('Rows of that, or of the result.'),
    shuffleReadBytes: bytes('Read from shuffles.'),
    shuffleReadRows: count('Rows of that.'),
    remoteBlocksFetched: count('Blocks that came from other processes.'),
    localBlocksFetched: count('Blocks that were in this process.'),
    remoteBytesRead: bytes('Read from other processes.'),
    remoteBytesReadToDisk: bytes('Of that, put on disk first.'),
    localBytesRead: bytes('Read from this process.'),
    fetchWaitNanos: nanos('Waiting for blocks of other processes.'),
    shuffleWriteBytes: bytes('Written to a shuffle.'),
    shuffleWriteRows: count('Rows of that.'),
    shuffleWriteNanos: nanos('Writing it.'),
    resultBytes: bytes('The result as it was sent to the driver.'),
  })
  .meta({ id: 'TaskMetrics', description: 'Sums over a task attempt; 0 where a task did nothing of the kind.' });

/** Metrics of a task attempt. */
export type LoggedMetrics = z.output<typeof metrics>;
