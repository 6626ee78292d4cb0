import { type Clock, systemClock } from '@kiln/base';
import { DagScheduler } from '@kiln/contracts/dag-scheduler';
import { ExecutorFactory } from '@kiln/contracts/executor';
import { ListenerBus } from '@kiln/contracts/listener';
import { MemoryManager } from '@kiln/contracts/memory';
import { Planner } from '@kiln/contracts/planner';
import {
  blockStoresExtensionPoint,
  ClockService,
  clusterManagersExtensionPoint,
  dataSourcesExtensionPoint,
  EngineSettings,
  Logger,
  listenersExtensionPoint,
  optimizerRulesExtensionPoint,
  type Plugin,
  type PluginRole,
  taskRunnersExtensionPoint,
} from '@kiln/contracts/plugin';
import { MapOutputTracker, ShuffleIds, ShuffleManager } from '@kiln/contracts/shuffle';
import { OutputCommitter } from '@kiln/contracts/storage';
import {
  type PoolSpec,
  PoolSpecs,
  SchedulingPolicy,
  SpeculationPolicy,
  TaskScheduler,
} from '@kiln/contracts/task-scheduler';
import { DefaultDagScheduler } from '@kiln/engine/dag-scheduler';
import { DefaultExecutorFactory } from '@kiln/engine/executor';
import { DefaultMemoryManager } from '@kiln/engine/memory';
import { DefaultPlanner } from '@kiln/engine/planner';
import { DefaultMapOutputTracker, DefaultShuffleIds, DefaultShuffleManager } from '@kiln/engine/shuffle';
import { FileOutputCommitter } from '@kiln/engine/storage';
import { DefaultSchedulingPolicy, DefaultSpeculationPolicy, DefaultTaskScheduler } from '@kiln/engine/task-scheduler';
import { DefaultListenerBus } from '../driver/listener-bus.ts';
import { Composition } from './composition.ts';

export interface ComposeOptions {
  /** Whose parts are constructed; default: the driver's. */
  readonly role?: PluginRole;
  readonly settings: EngineSettings;
  readonly logger: Logger;
  readonly plugins: readonly { readonly plugin: Plugin; readonly config: Readonly<Record<string, unknown>> }[];
  readonly bindings: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** FAIR pools; none by default. */
  readonly pools?: readonly PoolSpec[];
  /** Called when plugins are registered and nothing but cluster managers is constructed: settings that the master decides. */
  readonly settle?: (composition: Composition) => EngineSettings;
}

const extensionPoints = [
  blockStoresExtensionPoint,
  clusterManagersExtensionPoint,
  dataSourcesExtensionPoint,
  listenersExtensionPoint,
  optimizerRulesExtensionPoint,
  taskRunnersExtensionPoint,
];

/** What an executor process constructs; the rest belongs to the driver. */
const executorParts = [MemoryManager, ShuffleManager, ExecutorFactory];

/** The engine's parts, a plugin's in place of a default where one is offered. One page: what runs when nothing is said. */
export function composeEngine(options: ComposeOptions): Composition {
  const composition = new Composition();
  composition.provide(EngineSettings, options.settings);
  composition.provide(Logger, options.logger);
  composition.provide(ClockService, options.clock ?? systemClock);
  composition.provide(PoolSpecs, options.pools ?? []);
  composition.bindDefault(ListenerBus, DefaultListenerBus);
  composition.bindDefault(Planner, DefaultPlanner);
  composition.bindDefault(MapOutputTracker, DefaultMapOutputTracker);
  composition.bindDefault(ShuffleIds, DefaultShuffleIds);
  composition.bindDefault(ShuffleManager, DefaultShuffleManager);
  composition.bindDefault(MemoryManager, DefaultMemoryManager);
  composition.bindDefault(SchedulingPolicy, DefaultSchedulingPolicy);
  composition.bindDefault(SpeculationPolicy, DefaultSpeculationPolicy);
  composition.bindDefault(TaskScheduler, DefaultTaskScheduler);
  composition.bindDefault(DagScheduler, DefaultDagScheduler);
  composition.bindDefault(OutputCommitter, FileOutputCommitter);
  composition.bindDefault(ExecutorFactory, DefaultExecutorFactory);
  for (const { plugin, config } of options.plugins) {
    plugin.register({
      config,
      bind: (token, implementation) => composition.bind(token, implementation, plugin.id),
      bindValue: (token, value) => composition.bindValue(token, value, plugin.id),
      contribute: (point, contribution) => composition.contribute(point, contribution, plugin.id),
    });
  }
  composition.prepare(extensionPoints, options.bindings);
  if (options.settle !== undefined) composition.provide(EngineSettings, options.settle(composition));
  composition.start(options.role === 'executor' ? executorParts : undefined);
  return composition;
}
