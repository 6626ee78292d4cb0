import { KilnError } from '@kiln/base';

export const defaultMasterPort = 7077;

export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

const address = /^(\[[0-9a-f:.]+\]|[^\s:/,[\]]+)(?::(\d{1,5}))?$/i;

export const isMasterUrl = (url: string): boolean => url.startsWith('kiln://');

/** `kiln://host[:port][,host[:port]...]`: a master and its standbys. Errors: KILN_MASTER_URL. */
export function parseMasterUrl(url: string): readonly MasterAddress[] {
  const parts = isMasterUrl(url) ? url.slice('kiln://'.length).replace(/\/$/, '').split(',') : [];
  const addresses = parts.map((part) => {
    const [, host, port] = address.exec(part.trim()) ?? [];
    return { host: host ?? '', port: port === undefined ? defaultMasterPort : Number(port) };
  });
  if (addresses.length === 0 || addresses.some(({ host, port }) => host === '' || port < 1 || port > 65_535)) {
    throw new KilnError('KILN_MASTER_URL', `'${url}' is not the URL of a cluster`, {
      hint: "Write 'kiln://host:port', with standby masters after commas: 'kiln://host1:7077,host2:7077'",
      concerns: { master: url },
    });
  }
  return addresses;
}

export const masterUrl = (addresses: readonly MasterAddress[]): string =>
  `kiln://${addresses.map(({ host, port }) => `${host}:${port}`).join(',')}`;
