import type { Unregister } from '@kiln/base';
import { token } from '../plugin/token.ts';
import type { EngineEvent } from './events.ts';

/**
 * Hears events in order. It must return fast; what it throws is logged and drops nothing.
 *
 * Plane: control. Process: driver, control thread (contributed) or the user's thread (`session.listen`).
 * Called once per event: two per task.
 */
export interface EngineListener {
  /** Only these types are delivered; all when left out. */
  readonly events?: readonly EngineEvent['type'][];
  onEvent(event: EngineEvent): void;
}

export interface ListenerBus {
  post(event: EngineEvent): void;
  listen(listener: EngineListener): Unregister;
}
export const ListenerBus = token<ListenerBus>('listener.bus');
