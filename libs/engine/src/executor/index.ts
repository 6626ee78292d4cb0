export { DefaultExecutorFactory } from './default-executor.ts';
export { openTransport } from './transport.ts';
