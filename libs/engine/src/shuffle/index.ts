export { DefaultShuffleIds } from './default-shuffle-ids.ts';
export { DefaultShuffleManager } from './default-shuffle-manager.ts';
export { DefaultMapOutputTracker } from './map-output-tracker.ts';
export { openShuffleService, type ShuffleService } from './shuffle-service.ts';
