import { clusterManagersExtensionPoint, definePlugin } from '@kiln/contracts/plugin';
import { LocalClusterManager } from './local-cluster-manager.ts';
import { LocalProcessesManager } from './local-processes-manager.ts';

export { LocalClusterManager } from './local-cluster-manager.ts';
export { LocalProcessesManager } from './local-processes-manager.ts';
export { parseLocalClusterMaster, parseLocalMaster } from './master-url.ts';

export default definePlugin({
  id: 'cluster-local',
  contracts: '^0.1.0',
  roles: ['driver'],
  register(env) {
    env.contribute(clusterManagersExtensionPoint, {
      masters: ['local', 'local[N]', 'local[*]', 'local[N,F]'],
      accepts: (master: string) => /^local(\[[^\]]*\])?$/.test(master),
      create: (options) => new LocalClusterManager(options),
    });
    env.contribute(clusterManagersExtensionPoint, {
      masters: ['local-cluster[N,cores,MiB]'],
      accepts: (master: string) => master.startsWith('local-cluster'),
      create: (options) => new LocalProcessesManager(options),
    });
  },
});
