import { KilnError } from '@kiln/base';
import type { ConfigSchema } from '@kiln/contracts/plugin';

/** Checks a plugin's `config:` against its JSON Schema. The validator is loaded only when a plugin has one. */
export async function checkConfig(id: string, schema: ConfigSchema, config: unknown): Promise<void> {
  const { Ajv } = await import('ajv');
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  if (validate(config)) return;
  const problems = (validate.errors ?? []).map(
    (error) => `  - config${error.instancePath.replaceAll('/', '.')} ${error.message ?? 'is wrong'}`,
  );
  throw new KilnError('KILN_PLUGIN_CONFIG', `The config of plugin '${id}' is not right:\n${problems.join('\n')}`, {
    concerns: { plugin: id },
  });
}
