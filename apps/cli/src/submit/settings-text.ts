import { redact } from '@kiln/host/event-log';
import { columns } from '../history/columns.ts';
import type { SubmitRequest } from './request.ts';

/** What `--verbose` says before an application starts: the settings that count, and where each was set. */
export function settingsText({ settings, conf, master, deployMode, file, arguments: args }: SubmitRequest): string {
  const shown = redact(conf);
  const rows = settings.map(({ name, origin }) => [name, shown[name] ?? '', `from ${origin}`]);
  const lines = [
    `${[file, ...args].join(' ')} on ${master}, deploy mode ${deployMode}`,
    ...(rows.length === 0 ? ['no settings'] : columns(rows).map((line) => `  ${line}`)),
  ];
  return `${lines.join('\n')}\n`;
}
