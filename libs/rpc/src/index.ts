export { type ConnectOptions, connect, type RpcConnection } from './connection/client.ts';
export { type ClientTls, defaultLimits, type RpcLimits, type ServerTls } from './connection/limits.ts';
export { type Peer, peerKey } from './connection/peer.ts';
export { newSecret } from './connection/proof.ts';
export { type RpcServer, type ServeOptions, serve } from './connection/server.ts';
export { readClientTls, readTls, rpcLimits, type TlsTexts } from './connection/settings.ts';
export { Conversation, type ConversationOptions, type SequencedFrame } from './sequence/conversation.ts';
export type { Sequenced } from './sequence/outgoing.ts';
