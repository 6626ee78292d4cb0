/** Asks and tells a standalone cluster: what `kiln cluster` and `kiln submit --deploy-mode cluster` use. */
export type { MasterLinkOptions } from '../shared/master-link.ts';
export { defaultMasterPort, isMasterUrl, type MasterAddress, masterUrl, parseMasterUrl } from '../shared/master-url.ts';
export type { ApplicationStatus, ClusterStatus, WorkerStatus } from '../shared/reports.ts';
export { clusterSecret, clusterSecretOrNew, type SecretSources, secretVariable } from '../shared/secret.ts';
export { ClusterClient } from './cluster-client.ts';
