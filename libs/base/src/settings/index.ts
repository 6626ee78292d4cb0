export type { Setting, SettingType } from './setting.ts';
export * from './settings.ts';
export { parseBytes, parseMillis, type SizeUnit, type TimeUnit } from './units.ts';
