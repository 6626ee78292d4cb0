import { readFileSync } from 'node:fs';
import { KilnError } from '@kiln/base';
import type { EngineSettings } from '@kiln/contracts/plugin';
import type { RpcLimits } from './limits.ts';

/** PEM texts: what a process shows, and who must have signed what others show. */
export interface TlsTexts {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** `spark.ssl.rpc.*` of a process that others connect to; `null`: not encrypted. Errors: KILN_TLS, when encryption is wanted and a file is missing. */
export function readTls(settings: EngineSettings): TlsTexts | null {
  const client = readClientTls(settings);
  if (client === null) return null;
  return {
    ...client,
    certificate: readPem(settings, 'spark.ssl.rpc.certChain'),
    key: readPem(settings, 'spark.ssl.rpc.privateKey'),
  };
}

/** The same of a process that only connects to others: it needs no key. */
export function readClientTls(settings: EngineSettings): Pick<TlsTexts, 'authority'> | null {
  if (!settings.get('spark.ssl.rpc.enabled')) return null;
  const isOther = settings.isSet('spark.ssl.rpc.trustStore');
  return { authority: readPem(settings, isOther ? 'spark.ssl.rpc.trustStore' : 'spark.ssl.rpc.certChain') };
}

/** What the settings say of {@link RpcLimits}. */
export function rpcLimits(settings: EngineSettings): Partial<RpcLimits> {
  return {
    maxMessageBytes: settings.get('spark.rpc.message.maxSize') * 1024 * 1024,
    silenceMillis: settings.get('spark.network.timeout'),
  };
}

function readPem(settings: EngineSettings, name: `spark.ssl.rpc.${'certChain' | 'privateKey' | 'trustStore'}`): string {
  const file = settings.get(name);
  try {
    if (file === undefined) throw new Error(`${name} is not set`);
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KilnError('KILN_TLS', `spark.ssl.rpc.enabled is true, but ${name} cannot be read`, {
      cause,
      hint: 'Name PEM files in spark.ssl.rpc.certChain and spark.ssl.rpc.privateKey',
      concerns: { property: name },
    });
  }
}
