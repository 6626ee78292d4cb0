export { DefaultMemoryManager } from './default-memory-manager.ts';
