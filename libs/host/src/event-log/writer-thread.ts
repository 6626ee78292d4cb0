/** Entry of the thread that writes an event log: compresses, writes, and gives the file its name at the end. */
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { errorToData } from '@kiln/base';
import { Credit } from './credit.ts';
import type { FromWriter, ToWriter, WriterStart } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');
const { path, inProgressPath, compress, shared } = workerData as WriterStart;
const credit = new Credit(shared);
const post = (message: FromWriter) => port.postMessage(message);

const file = createWriteStream(inProgressPath, { flags: 'wx', mode: 0o660 });
const compressor = compress ? createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } }) : null;
const done = compressor === null ? finished(file) : pipeline(compressor, file);
const target: Writable = compressor ?? file;
let failed = false;
/** One after the other. */
let writes: Promise<unknown> = Promise.resolve();

function fail(error: unknown): void {
  if (failed) return;
  failed = true;
  post({ type: 'failed', error: errorToData(error) });
}

/** Resolves when the file has it, so far that a reader finds it there. */
async function write(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => target.write(text, (error) => (error ? reject(error) : resolve())));
  if (compressor !== null) await flush(compressor);
}

function flush(stream: ZstdCompress): Promise<void> {
  return new Promise((resolve) => stream.flush(constants.ZSTD_e_flush, resolve));
}

async function end(): Promise<void> {
  target.end();
  await done;
  await rename(inProgressPath, path);
}

done.catch(fail);
file.once('open', () => post({ type: 'ready' }));
port.on('message', (message: ToWriter) => {
  if (message.type === 'lines') {
    const { text } = message;
    writes = writes
      .then(() => (failed ? undefined : write(text)))
      .catch(fail)
      // What could not be written does not hold up the engine for ever.
      .finally(() => credit.give(text.length));
  } else {
    writes = writes
      .then(() => (failed ? undefined : end()))
      .catch(fail)
      .finally(() => {
        post({ type: 'closed' });
        port.close();
      });
  }
});
