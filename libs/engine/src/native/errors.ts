import { KilnError, type Position } from '@kiln/base';

/** What the addon puts into an error's message: class, sentence, place and causes as JSON. */
interface NativeErrorData {
  readonly class: string;
  readonly message: string;
  readonly position: Position | null;
  readonly hint: string | null;
  readonly causes: readonly string[];
}

/** An error thrown by the addon, with its class as code and its causes as a chain. */
export function nativeError(error: unknown): Error {
  const data = error instanceof Error ? parse(error.message) : undefined;
  if (data === undefined) return error instanceof Error ? error : new Error(String(error));
  return new KilnError(data.class, data.message, {
    position: data.position,
    ...(data.hint === null ? {} : { hint: data.hint }),
    ...(data.causes.length === 0 ? {} : { cause: chain(data.class, data.causes) }),
  });
}

export function chain(code: string, causes: readonly string[]): KilnError | undefined {
  const [first, ...rest] = causes;
  if (first === undefined) return undefined;
  const cause = chain(code, rest);
  return new KilnError(code, first, cause === undefined ? {} : { cause });
}

function parse(message: string): NativeErrorData | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    const data = JSON.parse(message) as NativeErrorData;
    return typeof data.class === 'string' ? data : undefined;
  } catch {
    return undefined;
  }
}
