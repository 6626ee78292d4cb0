import { KilnError } from '@kiln/base';
import type { ExecutorResources } from '@kiln/contracts/cluster-manager';
import type { Resources } from '@kiln/rpc/cluster';

/** A message that no Kiln sends. */
export function malformed(what: string): KilnError {
  return new KilnError('KILN_CLUSTER_MESSAGE', `A message of the cluster is malformed: ${what}`);
}

export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw malformed(`${what} is missing`);
  return value;
}

/** An id is a part of paths and of lines in logs. */
export function id<T extends string>(value: string, what: string): T {
  if (!/^[\w.-]{1,200}$/.test(value) || /^\.+$/.test(value)) throw malformed(`${what} '${value.slice(0, 200)}'`);
  return value as T;
}

export function fromResources(resources: Resources | undefined, what: string): ExecutorResources {
  const { cores, memoryBytes } = present(resources, `resources of ${what}`);
  if (cores < 1) throw malformed(`${what} without cores`);
  return { cores, memoryBytes: Number(memoryBytes) };
}

export const toResources = ({ cores, memoryBytes }: ExecutorResources) => ({
  cores,
  memoryBytes: BigInt(Math.floor(memoryBytes)),
});

/** `undefined` stands for `null`: absent fields of messages are left out. */
export const orNull = <T>(value: T | undefined): T | null => value ?? null;

export const unlessNull = <Name extends string, T>(name: Name, value: T | null): { [Key in Name]?: T } =>
  (value === null ? {} : { [name]: value }) as { [Key in Name]?: T };
