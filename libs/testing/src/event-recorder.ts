import type { EngineEvent, EngineListener } from '@kiln/contracts/listener';

type EventOf<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

/** Keeps every event in order, for assertions. */
export class EventRecorder implements EngineListener {
  readonly recorded: EngineEvent[] = [];

  onEvent(event: EngineEvent): void {
    this.recorded.push(event);
  }

  of<Type extends EngineEvent['type']>(type: Type): EventOf<Type>[] {
    return this.recorded.filter((event): event is EventOf<Type> => event.type === type);
  }

  clear(): void {
    this.recorded.length = 0;
  }
}
