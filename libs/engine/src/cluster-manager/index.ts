export { type AllocationOptions, allocationOptions } from './allocation-options.ts';
export { type AllocationAction, type AllocationEvent, ExecutorAllocation } from './executor-allocation.ts';
