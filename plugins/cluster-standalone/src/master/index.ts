/** The process of a master: what `kiln master` runs. */
export { defaultMasterOptions, type MasterOptions } from './core/options.ts';
export { Master, type MasterConfig } from './master.ts';
export { masterOptions, recoveryOf } from './settings.ts';
