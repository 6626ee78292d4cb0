import type { ErrorData } from '@kiln/base';

/** What the writer's thread starts with. */
export interface WriterStart {
  readonly path: string;
  readonly inProgressPath: string;
  readonly compress: boolean;
  /** Of a `Credit`. */
  readonly shared: SharedArrayBuffer;
}

export type ToWriter = { readonly type: 'lines'; readonly text: string } | { readonly type: 'end' };

export type FromWriter =
  | { readonly type: 'ready' }
  /** Nothing more is written. */
  | { readonly type: 'failed'; readonly error: ErrorData }
  | { readonly type: 'closed' };
