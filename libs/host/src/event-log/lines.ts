import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants, createZstdDecompress } from 'node:zlib';
import { KilnError } from '@kiln/base';

/** More is no line of ours, and is not kept in memory. */
const longestLine = 64 * 1024 * 1024;
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * The complete lines of a file that may be compressed with zstd; what follows the last one is left, since its writer was cut off or still
 * writes. Errors: KILN_EVENT_LOG_DAMAGED, and those of the file system.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;
  try {
    for await (const chunk of await bytesOf(path)) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const text = Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
        [rest, restBytes, start] = [[], 0, end + 1];
        yield { number: ++number, text };
      }
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > longestLine) throw damaged(path, number + 1, 'the line has no end');
    }
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('ZSTD_')) throw error;
    throw damaged(path, number + 1, 'the compressed data is wrong', error);
  }
}

async function bytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  const isCompressed = await beginsWith(path, zstdMagic);
  const stream = createReadStream(path);
  if (!isCompressed) return stream;
  // The end of a file that is still written is no error: an error would take with it what was not read yet.
  const decompressor = createZstdDecompress({ finishFlush: constants.ZSTD_e_continue });
  stream.on('error', (error) => decompressor.destroy(error));
  // Who reads hears of it; a reader that has stopped does not, and it must not end the process.
  decompressor.on('error', () => {});
  // A reader that stops early leaves no open file.
  decompressor.on('close', () => stream.destroy());
  return stream.pipe(decompressor);
}

async function beginsWith(path: string, magic: Buffer): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0);
    return bytesRead === magic.length && buffer.equals(magic);
  } finally {
    await file.close();
  }
}

export function damaged(path: string, line: number, what: string, cause?: unknown): KilnError {
  return new KilnError('KILN_EVENT_LOG_DAMAGED', `${path} is damaged: ${what}`, {
    concerns: { file: path, line: String(line) },
    position: { line, column: 1 },
    ...(cause === undefined ? {} : { cause }),
  });
}
