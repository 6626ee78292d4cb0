import type { Unregister } from '@kiln/base';
import type { EngineEvent, EngineListener, ListenerBus } from '@kiln/contracts/listener';
import { allOf, inject, injectable, Logger, listenersExtensionPoint } from '@kiln/contracts/plugin';

/** Delivers in order, at once, in the control thread. A listener that throws is logged; nothing is dropped. */
@injectable()
export class DefaultListenerBus implements ListenerBus {
  readonly #logger: Logger;
  readonly #listeners = new Set<{ readonly listener: EngineListener; readonly events: ReadonlySet<string> | null }>();

  constructor(
    @inject(Logger) logger: Logger,
    @inject(allOf(listenersExtensionPoint)) contributed: readonly EngineListener[],
  ) {
    this.#logger = logger;
    for (const listener of contributed) this.listen(listener);
  }

  listen(listener: EngineListener): Unregister {
    const entry = { listener, events: listener.events === undefined ? null : new Set<string>(listener.events) };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  post(event: EngineEvent): void {
    for (const { listener, events } of this.#listeners) {
      if (events !== null && !events.has(event.type)) continue;
      try {
        listener.onEvent(event);
      } catch (error) {
        this.#logger.error({ event: event.type, error }, 'a listener failed');
      }
    }
  }
}
