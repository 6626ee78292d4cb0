export { type ComposeOptions, composeEngine } from './compose-engine.ts';
export { Composition } from './composition.ts';
