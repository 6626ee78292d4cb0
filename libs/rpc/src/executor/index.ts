/** The conversation between a driver and its executors. */
export { create, type MessageInitShape } from '@bufbuild/protobuf';
export * from '../generated/kiln/executor/v1/executor_pb.ts';
