import type { ClusterManagerProvider } from '../cluster-manager/cluster-manager.ts';
import type { TaskRunner } from '../executor/task-runner.ts';
import type { EngineListener } from '../listener/listener.ts';
import type { DataSource } from '../planner/data-source.ts';
import type { OptimizerRule } from '../planner/planner.ts';
import type { BlockStoreProvider } from '../shuffle/block-store.ts';
import { extensionPoint } from './token.ts';

export const clusterManagersExtensionPoint = extensionPoint<ClusterManagerProvider>('clusterManager.providers');
export const dataSourcesExtensionPoint = extensionPoint<DataSource>('planner.dataSources');
export const optimizerRulesExtensionPoint = extensionPoint<OptimizerRule>('planner.optimizerRules');
export const taskRunnersExtensionPoint = extensionPoint<TaskRunner>('executor.taskRunners');
export const blockStoresExtensionPoint = extensionPoint<BlockStoreProvider>('shuffle.blockStores');
export const listenersExtensionPoint = extensionPoint<EngineListener>('listener.listeners');
