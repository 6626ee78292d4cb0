import { KilnError } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';
import type { MasterOptions } from './core/options.ts';
import type { MasterConfig } from './master.ts';

/** What the settings say of how a master decides. */
export function masterOptions(settings: EngineSettings): MasterOptions {
  const workerTimeoutMillis = settings.get('spark.worker.timeout') * 1000;
  return {
    workerTimeoutMillis,
    workerReconnectMillis: settings.get('kiln.deploy.workerReconnectTimeout'),
    applicationReconnectMillis: settings.get('kiln.deploy.applicationReconnectTimeout'),
    recoveryTimeoutMillis: settings.get('spark.deploy.recoveryTimeout') ?? workerTimeoutMillis,
    spreadOutApps: settings.get('spark.deploy.spreadOutApps'),
    spreadOutDrivers: settings.get('spark.deploy.spreadOutDrivers'),
    defaultCores: settings.get('spark.deploy.defaultCores'),
    maxExecutorRetries: settings.get('spark.deploy.maxExecutorRetries'),
    maxDrivers: settings.get('spark.deploy.maxDrivers'),
    retainedApplications: settings.get('spark.deploy.retainedApplications'),
    retainedDrivers: settings.get('spark.deploy.retainedDrivers'),
  };
}

/** Where a master keeps its state; `null`: nowhere. Errors: KILN_SETTINGS_VALUE. */
export function recoveryOf(settings: EngineSettings): MasterConfig['recovery'] {
  if (settings.get('spark.deploy.recoveryMode') === 'NONE') return null;
  const directory = settings.get('spark.deploy.recoveryDirectory');
  if (directory === undefined)
    throw new KilnError('KILN_SETTINGS_VALUE', 'spark.deploy.recoveryMode FILESYSTEM needs a directory', {
      hint: 'Set spark.deploy.recoveryDirectory, or give kiln master --recovery-directory',
    });
  return { directory, leaseMillis: settings.get('kiln.deploy.leaseTimeout') };
}
