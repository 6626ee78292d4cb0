import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createZstdDecompress } from 'node:zlib';
import { KilnError } from '@kiln/base';

/** More is no line of ours, and is not kept in memory. */
const longestLine = 64 * 1024 * 1024;
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

export type Line =
  | { readonly type: 'line'; readonly number: number; readonly text: string }
  /** The file ends inside a line or inside compressed data: its writer was cut off, or still writes. */
  | { readonly type: 'cut' };

/** Complete lines of a file that may be compressed with zstd. Errors: KILN_EVENT_LOG_DAMAGED, and those of the file system. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;
  let isCut = false;
  try {
    for await (const chunk of await bytesOf(path)) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const text = Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
        [rest, restBytes, start] = [[], 0, end + 1];
        yield { type: 'line', number: ++number, text };
      }
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > longestLine) throw damaged(path, number + 1, 'the line has no end');
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    isCut = code === 'Z_BUF_ERROR';
    if (code?.startsWith('ZSTD_')) throw damaged(path, number + 1, 'the compressed data is wrong', error);
    if (!isCut) throw error;
  }
  if (isCut || restBytes > 0) yield { type: 'cut' };
}

async function bytesOf(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const stream = createReadStream(path);
    if (bytesRead < 4 || !buffer.equals(zstdMagic)) return stream;
    const decompressor = createZstdDecompress();
    stream.on('error', (error) => decompressor.destroy(error));
    // A reader that stops early leaves no open file.
    decompressor.on('close', () => stream.destroy());
    return stream.pipe(decompressor);
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
