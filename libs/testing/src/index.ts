export { EventRecorder } from './event-recorder.ts';
export { VirtualClock } from './virtual-clock.ts';
