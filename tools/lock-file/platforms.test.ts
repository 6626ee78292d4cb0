import { expect, test } from 'vitest';
import { missingPlatforms, platformOf } from './platforms.ts';

test.each([
  ['@nx/nx-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
  ['@oxc-parser/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['@napi-rs/tar-wasm32-wasi', { cpu: ['wasm32'] }],
  ['@biomejs/cli-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
])('the platform of %s', (name, platform) => {
  expect(platformOf(name)).toEqual(platform);
});

test('adds only what is missing, as optional', () => {
  const packages = {
    'node_modules/a': {
      dev: true,
      optionalDependencies: { 'a-darwin-x64': '1.0.0', 'a-linux-x64': '1.0.0', range: '^1' },
    },
    'node_modules/a/node_modules/a-linux-x64': { version: '1.0.0' },
  };
  expect(missingPlatforms(packages)).toEqual({
    'node_modules/a-darwin-x64': { version: '1.0.0', cpu: ['x64'], dev: true, optional: true, os: ['darwin'] },
  });
});
