import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/dist/**', '**/fixtures/**', 'apps/examples/external-plugin/**'];

// One run over all packages gives one summary. Tests import other packages by
// their names, that is their built dist, so `npm run build` comes first.
export default defineConfig({
  // tsyringe's parameter decorators: the same dialect as in tsconfig.base.json.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: false } },
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{libs,plugins}/*/src/**/*.test.ts', 'apps/{cli,bench}/src/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          // Real addon, real processes: one file at a time, so that none starves another.
          name: 'e2e',
          include: ['native/addon/test/**/*.test.ts', 'apps/{e2e,examples}/**/*.test.ts'],
          exclude,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
