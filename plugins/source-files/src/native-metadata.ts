import { KilnError, type Position } from '@kiln/base';

/** Calls the addon; its errors (JSON in the message) become errors with class, place and hint. */
export async function readNative<T>(read: () => Promise<string>): Promise<T> {
  try {
    return JSON.parse(await read()) as T;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!message.startsWith('{')) throw error;
    const data = JSON.parse(message) as {
      class: string;
      message: string;
      position: Position | null;
      hint: string | null;
    };
    throw new KilnError(data.class, data.message, {
      position: data.position,
      ...(data.hint === null ? {} : { hint: data.hint }),
    });
  }
}
