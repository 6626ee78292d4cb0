export { Composition } from './composition.ts';
export { composeEngine, type ComposeOptions } from './compose-engine.ts';
