import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this package's code: frames in it are ours. */
const own = dirname(import.meta.dirname);

/** The user's line that called Kiln: `count.ts:12`; '' when there is none. */
export function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 16;
  const { stack = '' } = new Error('call site');
  Error.stackTraceLimit = limit;
  for (const line of stack.split('\n').slice(1)) {
    const [, place = '', row = ''] = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/.exec(line) ?? [];
    const path = place.startsWith('file://') ? fileURLToPath(place) : place;
    if (path === '' || isOwn(path)) continue;
    return `${path.replaceAll('\\', '/').split('/').at(-1)}:${row}`;
  }
  return '';
}

function isOwn(path: string): boolean {
  return path.startsWith(own) && !path.endsWith('.test.ts');
}
