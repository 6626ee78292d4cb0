export type { Setting, SettingType } from './setting.ts';
export * from './settings.ts';
