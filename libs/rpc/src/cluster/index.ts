/** What masters, workers, applications and commands of a standalone cluster say to each other. */
export * from '../generated/kiln/cluster/v1/cluster_pb.ts';
