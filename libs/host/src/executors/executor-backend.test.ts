import { executorId } from '@kiln/base';
import { describe, expect, it } from 'vitest';
import type { ExecutorEndpoint } from './endpoint.ts';
import { ExecutorBackend } from './executor-backend.ts';
import { noUsage } from './usage.ts';

function endpoint(id: string, address: string, log: string[]): ExecutorEndpoint {
  const nothing = () => {};
  return {
    id: executorId(id),
    address,
    launch: nothing,
    kill: nothing,
    ensureProgram: nothing,
    dropProgram: nothing,
    setMapOutputs: nothing,
    removeShuffle: nothing,
    peerGone: (gone) => log.push(`${id} hears of ${gone}`),
    usage: async () => ({ ...noUsage, liveTasks: 1 }),
    stop: async () => {
      log.push(`${id} stops`);
    },
  };
}

describe('an executor that is removed', () => {
  it('is made known to those that may read from it, and its address is used up', async () => {
    const log: string[] = [];
    const backend = new ExecutorBackend();
    for (const [id, address] of Object.entries({ a: 'h:1', b: 'h:2', c: 'h:3' }))
      backend.add(endpoint(id, address, log));
    backend.remove(executorId('b'));
    backend.remove(executorId('b'));
    expect(log).toEqual(['a hears of h:2', 'c hears of h:2', 'b stops']);
    expect([backend.isUsedUp('h:2'), backend.isUsedUp('h:1')]).toEqual([true, false]);
    expect((await backend.usage()).liveTasks).toBe(2);
    await backend.stop();
  });

  it('is not where the next one may serve at its address, or where it served none', () => {
    const log: string[] = [];
    const backend = new ExecutorBackend(false);
    for (const id of ['a', 'b']) backend.add(endpoint(id, 'h:7078', log));
    backend.remove(executorId('a'));
    expect(backend.isUsedUp('h:7078')).toBe(false);
    const local = new ExecutorBackend();
    for (const id of ['c', 'd']) local.add(endpoint(id, '', log));
    local.remove(executorId('c'));
    expect(log.filter((line) => line.includes('hears'))).toEqual([]);
  });

  it('is not heard any more', () => {
    const backend = new ExecutorBackend();
    const heard: string[] = [];
    backend.onResult((executor) => heard.push(executor));
    backend.add(endpoint('a', 'h:1', []));
    backend.report(executorId('a'), { data: null } as never);
    backend.remove(executorId('a'));
    backend.report(executorId('a'), { data: null } as never);
    expect(heard).toEqual(['a']);
  });
});
