import { expect, expectTypeOf, test } from 'vitest';
import { isKilnError } from '../errors.ts';
import { Settings, settingsCatalogue } from './settings.ts';
import { parseBytes, parseMillis } from './units.ts';

const MiB = 2 ** 20;

function from(raw: Record<string, string>) {
  return Settings.from(raw).settings;
}

function errorOf(raw: Record<string, string>) {
  try {
    Settings.from(raw);
  } catch (error) {
    if (isKilnError(error)) return error;
  }
  throw new Error('no KilnError was thrown');
}

test('every default is a value of its property, and every `same as` names a property of the same type', () => {
  for (const [name, setting] of Object.entries(settingsCatalogue)) {
    if (typeof setting.fallback === 'string') expect(setting.parse(setting.fallback), name).toBeDefined();
    if (setting.fallback !== null && typeof setting.fallback === 'object')
      expect(settingsCatalogue[setting.fallback.sameAs]?.type, name).toBe(setting.type);
    expect(setting.doc, name).toMatch(/\.$/);
  }
});

test('values have the types of the catalogue', () => {
  const settings = from({
    'spark.task.maxFailures': '7',
    'spark.speculation': 'TRUE',
    'spark.local.dir': '/a, /b,',
    'spark.scheduler.mode': 'fair',
  });
  expectTypeOf(settings.get('spark.task.maxFailures')).toEqualTypeOf<number>();
  expectTypeOf(settings.get('spark.default.parallelism')).toEqualTypeOf<number | undefined>();
  expectTypeOf(settings.get('spark.scheduler.mode')).toEqualTypeOf<'FIFO' | 'FAIR'>();
  expectTypeOf(settings.get('spark.locality.wait.node')).toEqualTypeOf<number>();
  expect(settings.get('spark.task.maxFailures')).toBe(7);
  expect(settings.get('spark.speculation')).toBe(true);
  expect(settings.get('spark.local.dir')).toEqual(['/a', '/b']);
  expect(settings.get('spark.scheduler.mode')).toBe('FAIR');
  // @ts-expect-error: no such property
  settings.get('spark.task.maxFailure');
});

test('defaults are Spark’s', () => {
  const settings = from({});
  expect(settings.get('spark.task.maxFailures')).toBe(4);
  expect(settings.get('spark.sql.shuffle.partitions')).toBe(200);
  expect(settings.get('spark.sql.adaptive.advisoryPartitionSizeInBytes')).toBe(64 * MiB);
  expect(settings.get('spark.default.parallelism')).toBeUndefined();
  expect(settings.text('spark.sql.adaptive.advisoryPartitionSizeInBytes')).toBe('64m');
});

test.each([
  ['spark.executor.memory', '2g', 2048 * MiB],
  ['spark.executor.memory', '512', 512 * MiB],
  ['spark.shuffle.file.buffer', '64', 65_536],
  ['spark.sql.files.maxPartitionBytes', '1048576', MiB],
  ['spark.sql.files.maxPartitionBytes', '48MB', 48 * MiB],
  ['spark.sql.autoBroadcastJoinThreshold', '-1', -1],
  ['spark.locality.wait', '100ms', 100],
  ['spark.locality.wait', '1500', 1500],
  ['spark.network.timeout', '90', 90_000],
  ['spark.locality.wait', '2min', 120_000],
  ['spark.speculation.quantile', '.75', 0.75],
  ['spark.sql.session.timeZone', 'Europe/Berlin', 'Europe/Berlin'],
  ['spark.sql.session.timeZone', '+02:00', '+02:00'],
] as const)('%s = %s means %s', (name, value, expected) => {
  expect(from({ [name]: value }).get(name)).toBe(expected);
});

test.each([
  ['spark.task.maxFailures', 'four', 'a whole number of at least 1'],
  ['spark.task.maxFailures', '0', 'a whole number of at least 1'],
  ['spark.speculation', 'yes', 'true or false'],
  ['spark.executor.memory', '1.5g', 'a size such as 512k, 48m or 2g (a bare number counts MiB)'],
  ['spark.executor.memory', '-1', 'a size such as'],
  ['spark.locality.wait', '3 hours', 'a time such as 100ms, 3s or 2min (a bare number counts ms)'],
  ['spark.memory.fraction', '1.2', 'a number from 0 to 1'],
  ['spark.io.compression.codec', 'snappy', 'one of lz4, zstd'],
  ['spark.sql.ansi.enabled', 'false', 'true (Kiln always follows ANSI SQL)'],
  ['spark.sql.session.timeZone', 'Mars/Olympus', 'a region such as'],
  ['spark.default.parallelism', '', 'a whole number of at least 1'],
])('%s = %j is an error that says what it must be', (name, value, form) => {
  const error = errorOf({ [name]: value });
  expect(error.code).toBe('KILN_SETTINGS_VALUE');
  expect(error.message).toContain(`${name} is '${value}', but must be ${form}`);
  expect(error.concerns).toEqual({ property: name, value });
});

test('sizes and times are read outside of settings too', () => {
  expect(parseBytes('2', 'MiB')).toBe(2 * MiB);
  expect(parseBytes('2kb')).toBe(2048);
  expect(parseMillis('2', 's')).toBe(2000);
  expect(() => parseBytes('2x')).toThrow("'2x' is not a size such as 512k, 48m or 2g (a bare number counts B)");
});

test('all bad values are named at once', () => {
  const error = errorOf({ 'spark.task.maxFailures': 'x', 'spark.speculation': 'y' });
  expect(error.message).toBe(
    "2 settings have bad values:\n- spark.task.maxFailures is 'x', but must be a whole number of at least 1\n- spark.speculation is 'y', but must be true or false",
  );
});

test('an unknown name is a warning with the nearest known one', () => {
  const { settings, warnings } = Settings.from({
    'spark.task.maxFailure': '2',
    'kiln.nonsense': '1',
    'acme.key': '1',
    'spark.hadoop.fs.s3a.endpoint': 'x',
  });
  expect(warnings.map(({ message }) => message)).toEqual([
    'spark.task.maxFailure is not a property that Kiln knows: it changes nothing; did you mean spark.task.maxFailures?',
    'kiln.nonsense is not a property that Kiln knows: it changes nothing',
    'acme.key is ignored: names of properties begin with spark. or kiln.',
    'spark.hadoop.fs.s3a.endpoint is accepted, but nothing uses it yet: it changes nothing',
  ]);
  expect(settings.isSet('spark.task.maxFailure')).toBe(true);
  expect(settings.text('acme.key')).toBe('1');
  expect(settings.entries()['acme.key']).toBe('1');
});

test('a property takes the value of another when it says so', () => {
  const settings = from({ 'spark.locality.wait': '1s' });
  expect(settings.get('spark.locality.wait.node')).toBe(1000);
  expect(settings.text('spark.locality.wait.node')).toBe('1s');
  expect(settings.isSet('spark.locality.wait.node')).toBe(false);
});

test('settings on top warn only of themselves and leave the others as they were', () => {
  const base = Settings.from({ 'spark.sql.maxBroadcastTableSize': '1g', 'spark.task.maxFailures': '2' });
  const top = base.settings.with({ 'spark.task.maxFailures': '1', 'spark.ui.enabled': 'false' });
  expect(base.warnings.map(({ name, kind }) => [name, kind])).toEqual([['spark.sql.maxBroadcastTableSize', 'unused']]);
  expect(top.warnings.map(({ name }) => name)).toEqual(['spark.ui.enabled']);
  expect(top.settings.get('spark.task.maxFailures')).toBe(1);
  expect(base.settings.get('spark.task.maxFailures')).toBe(2);
});
