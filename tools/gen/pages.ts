// The generated pages of docs/reference: a literal list, written by `npm run gen`, compared by a test.
import { eventLogPage } from './event-log-page.ts';
import { settingsPage } from './settings-page.ts';

export const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/event-log.md': eventLogPage,
  'docs/reference/settings.md': settingsPage,
};
