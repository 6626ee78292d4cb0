import { describe, expect, it } from 'vitest';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

/** The part of the suite that every `npm test` runs; the rest is for `npm run chaos`. */
describe('the chaos suite', () => {
  for (const scenario of scenarios.filter(({ fixed }) => fixed)) {
    it(scenario.name, { timeout: 300_000 }, async (context) => {
      const { verdict, text } = await runScenario(scenario);
      if (verdict === 'skipped') context.skip(text);
      expect(`${verdict}: ${text}`).toMatch(/^passed/);
    });
  }

  it('says so when a claim does not hold', async () => {
    const cluster = { kind: 'local-cluster', executors: 1, cores: 2 } as const;
    const job = { name: 'slow-groups', options: { splits: 2 } };
    const claims = { result: 'same', lost: 1 } as const;
    const report = await runScenario({ name: 'calm', cluster, job, faults: [], claims, fixed: true });
    expect(report).toMatchObject({ verdict: 'failed', text: expect.stringContaining('1 executors should be lost') });
  });

  it('names are given once', () => {
    const names = scenarios.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });
});
