/** What users ask of a cluster's master: how the cluster is, to run a driver, to end one, and how one is. */
export { defaultMasterPort, isMasterUrl, type MasterAddress, masterUrl, parseMasterUrl } from '../shared/master-url.ts';
export type { ApplicationStatus, ClusterStatus, WorkerStatus } from '../shared/reports.ts';
export {
  clusterSecret,
  clusterSecretOrNew,
  type SecretSources,
  secretVariable,
  userSecretFile,
} from '../shared/secret.ts';
export { ClusterClient, type ClusterClientOptions } from './cluster-client.ts';
