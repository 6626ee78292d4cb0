// The layering of Kiln. This table IS the layering: an arrow that is not here fails `npm run check`.
// A package names its layer in package.json ("nx": { "tags": ["layer:engine"] }).

/** Layer -> the layers it may import. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  contracts: ['base'],
  native: [],
  engine: ['base', 'contracts', 'native'],
  rpc: ['base', 'contracts'],
  launcher: ['base', 'contracts'],
  host: ['base', 'contracts', 'engine', 'rpc', 'launcher'],
  client: ['base', 'contracts', 'engine', 'host'],
  testing: ['base', 'contracts'],
  plugin: ['base', 'contracts', 'native', 'rpc', 'launcher'],
  app: ['base', 'contracts', 'native', 'engine', 'rpc', 'launcher', 'host', 'client', 'plugin', 'testing', 'app'],
};

/** What test files (*.test.ts, test-support/) may import besides. */
export const TESTS_MAY_IMPORT: readonly string[] = ['testing'];

/**
 * What a package may declare to have it installed, but not import: the host loads built-in plugins by name, and a session starts
 * executor processes.
 */
export const MAY_INSTALL: Readonly<Record<string, readonly string[]>> = { host: ['plugin'], client: ['app'] };

/** Rooms of one package that never import each other: they meet in contracts. Only a test may play several together. */
export const ROOMS = { folder: 'libs/engine/src', shared: ['native', 'records'], testsMayCross: true } as const;

/** Specifier -> the only folders that may import it. */
export const ONLY_FROM: Readonly<Record<string, readonly string[]>> = {
  tsyringe: ['libs/host/src/composition/', 'libs/contracts/src/plugin/'],
  '@kiln/native': [
    ...['native', 'planner', 'executor', 'memory', 'shuffle'].map((room) => `${ROOMS.folder}/${room}/`),
    'plugins/',
    'native/addon/',
    // Counts how often the boundary is crossed.
    'apps/bench/',
  ],
};

export const isTestFile = (file: string): boolean => /\.test\.ts$|\/test-support\/|\/test\/|^apps\/e2e\//.test(file);
