import type { EngineEvent, EngineListener } from '@kiln/contracts/listener';

type EventOf<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

/** Keeps every event in order, for assertions. */
export class EventRecorder implements EngineListener {
  readonly events: EngineEvent[] = [];

  onEvent(event: EngineEvent): void {
    this.events.push(event);
  }

  of<Type extends EngineEvent['type']>(type: Type): EventOf<Type>[] {
    return this.events.filter((event): event is EventOf<Type> => event.type === type);
  }

  clear(): void {
    this.events.length = 0;
  }
}
