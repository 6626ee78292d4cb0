import { jobId, stageId } from '@kiln/base';
import type { SchedulingPolicy, TaskSetView } from '@kiln/contracts/task-scheduler';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const view: fc.Arbitrary<TaskSetView> = fc.record({
  jobId: fc.nat(20).map(jobId),
  stageId: fc.nat(1000).map(stageId),
  stageAttempt: fc.nat(3),
  pool: fc.constantFrom('default', 'production'),
  priority: fc.integer({ min: -5, max: 5 }),
  pending: fc.nat(100),
  running: fc.nat(100),
  poolRunning: fc.nat(1000),
  submittedAt: fc.nat(),
});

/** What every scheduling policy must do: give back all sets, each once, the same for the same input, without touching the input. */
export function describeSchedulingPolicy(name: string, create: () => SchedulingPolicy): void {
  describe(`scheduling policy ${name}`, () => {
    it('orders all sets, deterministically', () => {
      fc.assert(
        fc.property(fc.uniqueArray(view, { selector: (set) => set.stageId }), (sets) => {
          const before = structuredClone(sets);
          const ordered = create().order(Object.freeze(sets) as readonly TaskSetView[]);
          expect(ordered.toSorted((a, b) => a.stageId - b.stageId)).toEqual(
            before.toSorted((a, b) => a.stageId - b.stageId),
          );
          expect(create().order(sets)).toEqual(ordered);
          expect(sets).toEqual(before);
        }),
      );
    });
  });
}
