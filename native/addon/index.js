// Generated from native/addon/src by `npm run gen`: do not edit.
import { loadAddon } from './load.js';

loadAddon();
