import type { Clock } from '@kiln/base';
import { token } from './token.ts';

/** The session's settings that were set, as text; read once at start. */
export interface EngineSettings {
  /** The set value, else the catalogue's default; `undefined` when it has none. */
  get(name: string): string | undefined;
  isSet(name: string): boolean;
  entries(): Readonly<Record<string, string>>;
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
