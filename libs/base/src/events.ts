import { EventEmitter } from 'eventemitter3';
import type { Unregister } from './disposable.ts';

/** A typed emitter over eventemitter3 whose listeners are removed by the function `on` returns. */
export class TypedEmitter<Events extends object> {
  readonly #emitter = new EventEmitter();

  on<K extends keyof Events & string>(type: K, listener: (event: Events[K]) => void): Unregister {
    this.#emitter.on(type, listener);
    return () => this.#emitter.off(type, listener);
  }

  once<K extends keyof Events & string>(type: K, listener: (event: Events[K]) => void): Unregister {
    this.#emitter.once(type, listener);
    return () => this.#emitter.off(type, listener);
  }

  emit<K extends keyof Events & string>(type: K, event: Events[K]): void {
    this.#emitter.emit(type, event);
  }

  removeAll(): void {
    this.#emitter.removeAllListeners();
  }
}
