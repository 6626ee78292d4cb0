export { DefaultShuffleManager } from './default-shuffle-manager.ts';
export { DefaultMapOutputTracker } from './map-output-tracker.ts';
