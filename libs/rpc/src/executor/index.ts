/** The conversation between a driver and its executors. */
export * from '../generated/kiln/executor/v1/executor_pb.ts';
