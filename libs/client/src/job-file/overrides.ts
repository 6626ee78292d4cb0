import { type Document, isMap, isSeq, parseDocument } from 'yaml';
import type { JobPath } from './job-source.ts';

/** A value from the command line that takes the place of one in the file. */
export interface Override {
  readonly path: JobPath;
  /** As it was given. */
  readonly text: string;
}

/** Maps whose keys have dots: everything after them is one key. */
const dottedMaps = new Set(['conf', 'options', 'bindings']);

/**
 * Puts `outputs.0.path=out/x` and the like into a document. Parts are keys or, in lists, indices from 0; the value is YAML.
 * What the path leads to may be new; the check that follows says whether it means anything.
 */
export function override(document: Document, text: string): Override | { readonly error: string } {
  const equals = text.indexOf('=');
  if (equals < 1) return { error: `"${text}" is not of the form path=value, for example engine.master=local[2].` };
  const path = parsePath(text.slice(0, equals));
  const value = parseDocument(text.slice(equals + 1));
  if (value.errors[0])
    return { error: `the value of "${text}" is not valid YAML: ${value.errors[0].message.split('\n')[0]}` };
  for (const [depth, part] of path.entries()) {
    const parent = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (
      isSeq(parent) ? typeof part !== 'number' || part > parent.items.length : parent !== undefined && !isMap(parent)
    ) {
      return {
        error: `"${path.slice(0, depth + 1).join('.')}" leads nowhere: ${isSeq(parent) ? `the list has ${parent.items.length} element${parent.items.length === 1 ? '' : 's'}` : 'there is no map'}.`,
      };
    }
  }
  document.setIn(path, document.createNode(value.toJS()));
  return { path, text };
}

function parsePath(text: string): JobPath {
  const parts = text.split('.');
  const dotted = parts.findIndex((part, index) => dottedMaps.has(part) && index < parts.length - 1);
  const keys = dotted < 0 ? parts : [...parts.slice(0, dotted + 1), parts.slice(dotted + 1).join('.')];
  return keys.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
