import { clusterManagersExtensionPoint, definePlugin } from '@kiln/contracts/plugin';
import { StandaloneClusterManager } from './plugin/standalone-cluster-manager.ts';
import { isMasterUrl } from './shared/master-url.ts';

export default definePlugin({
  id: 'cluster-standalone',
  contracts: '^0.1.0',
  roles: ['driver'],
  register(env) {
    env.contribute(clusterManagersExtensionPoint, {
      masters: ['kiln://host:port'],
      accepts: isMasterUrl,
      create: (options) => new StandaloneClusterManager(options),
    });
  },
});
