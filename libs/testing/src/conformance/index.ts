export { describeClusterManager } from './cluster-manager.ts';
export { describeSchedulingPolicy } from './scheduling-policy.ts';
