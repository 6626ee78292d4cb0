import type { DagEvent } from '@kiln/contracts/dag-scheduler';

type EventOf<Type extends DagEvent['type']> = Extract<DagEvent, { type: Type }>;

export type Handlers = { readonly [Type in DagEvent['type']]: (event: EventOf<Type>) => void };
