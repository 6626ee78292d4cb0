import type { Repository } from '../repository.ts';

/** A repository of a few files in memory. */
export function fakeRepository(texts: Record<string, string>): Repository {
  return { root: '/nowhere', files: Object.keys(texts).sort(), read: (file) => texts[file] ?? '' };
}
