import type { TaskSchedulerEvent } from '@kiln/contracts/task-scheduler';
import type { ExecutorState } from './executor-pool.ts';

/** Whose free slots are offered at the end of a step: one executor's when only its slots changed. */
export type Offer = 'none' | 'all' | ExecutorState;

type EventOf<Type extends TaskSchedulerEvent['type']> = Extract<TaskSchedulerEvent, { type: Type }>;

export type Handlers = { readonly [Type in TaskSchedulerEvent['type']]: (event: EventOf<Type>) => Offer };
