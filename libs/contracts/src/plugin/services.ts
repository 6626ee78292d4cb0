import type { Clock, SettingName, SettingValue, SettingWarning } from '@kiln/base';
import { token } from './token.ts';

/** The engine's checked settings; `Settings` of @kiln/base is one. Sizes are bytes, times milliseconds, as the catalogue says. */
export interface EngineSettings {
  /** The set value, else the catalogue's default, typed by the catalogue; `undefined` only where there is no default. */
  get<Name extends SettingName>(name: Name): SettingValue<Name>;
  /** The same as text; also of properties that the catalogue does not know (a plugin's own). */
  text(name: string): string | undefined;
  isSet(name: string): boolean;
  /** What was set, as it was written. */
  entries(): Readonly<Record<string, string>>;
  /** These with others on top, such as those of one query. Errors: KILN_SETTINGS_VALUE. */
  with(raw: Readonly<Record<string, string>>): {
    readonly settings: EngineSettings;
    readonly warnings: readonly SettingWarning[];
  };
}
export const EngineSettings = token<EngineSettings>('engine.settings');

/** Structured log; fields are `job`, `stage`, `task`, `executor` ids where they apply. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
export const Logger = token<Logger>('engine.logger');

export const ClockService = token<Clock>('engine.clock');
