// Generated from native/addon/src by `npm run gen`: do not edit.
import { loadAddon } from './load.js';

export const {
  NativeExecutor,
  NativeRecordsTask,
  NativeShuffleService,
  NativeTransport,
  analyze,
  chooseRangeBounds,
  crossings,
  inferCsvSchema,
  parquetMetadata,
  parseExpression,
  parseSql,
  plan,
  refine,
  requiredTables,
  showString,
} = loadAddon();
