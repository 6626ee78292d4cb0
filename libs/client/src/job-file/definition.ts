import { z } from 'zod';

/** The one definition of a job file: validation, types and `docs/reference/job.schema.json` come from here. */

const name = z.string().regex(/^[A-Za-z_][\w-]*$/, 'a name has letters, digits, "_" and "-", and begins with a letter');
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const options = z.record(z.string(), scalar);

const engine = z.strictObject({
  master: z
    .string()
    .optional()
    .describe('Where the job runs: local[*] (default), local[4], or the URL of a cluster manager.'),
  conf: z.record(z.string(), scalar).optional().describe("Settings under Spark's names, and kiln.*."),
  plugins: z
    .array(
      z.union([
        z.string(),
        z.strictObject({
          package: z.string().describe('Package name, path (relative to this file) or file URL.'),
          config: z.record(z.string(), z.unknown()).optional().describe('The settings that the plugin declares.'),
        }),
      ]),
    )
    .optional()
    .describe('Plugins to load.'),
  bindings: z.record(z.string(), z.string()).optional().describe('Chooses a plugin where two offer the same service.'),
});

const source = z.strictObject({
  format: z.string().describe('parquet, csv, or one of a plugin.'),
  path: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('Files, folders or patterns, relative to this file. Some formats of plugins need none.'),
  options: options.optional().describe('Options of the format, for example { header: true }.'),
  schema: z
    .string()
    .optional()
    .describe("The columns, instead of what the source finds out: 'id bigint, name string'."),
});

const sqlStep = z.strictObject({
  sql: z.string().describe('A query over sources and other steps, by their names.'),
});

const moduleStep = z.strictObject({
  module: z.string().describe('A TypeScript or JavaScript module, relative to this file, or a package.'),
  function: z.string().describe('The function that it exports: (session, inputs, args) => DataFrame.'),
  inputs: z.array(name).optional().describe('Sources and steps that the function gets, by name.'),
  args: z.unknown().optional().describe('Anything; the function gets it as it is.'),
});

const from = name.describe('A source or step.');

const showOutput = z.strictObject({
  from,
  show: z.int().positive().describe('Rows to print.'),
  truncate: z.int().nonnegative().optional().describe('Characters a cell may take; 20 by default, 0 for all.'),
  vertical: z.boolean().optional().describe('One line per value instead of one per row.'),
});

const fileOutput = z.strictObject({
  from,
  format: z.string().describe('parquet, csv, or one of a plugin.'),
  path: z.string().describe('The folder to write, relative to this file.'),
  mode: z
    .enum(['error', 'overwrite', 'append', 'ignore'])
    .optional()
    .describe('When there is output already; error by default.'),
  options: options.optional().describe('Options of the format.'),
  partitionBy: z.array(z.string()).optional().describe('One folder per combination of values of these columns.'),
});

/** Validates a job file that is read already. */
export const jobDefinition = z
  .strictObject({
    name: z.string().min(1).describe('Name of the job, for people.'),
    engine: engine.optional().describe('Where and how the job runs.'),
    sources: z.record(name, source).optional().describe('What is read, by name.'),
    steps: z
      .record(name, z.union([sqlStep, moduleStep]))
      .optional()
      .describe('What is computed, by name, in any order.'),
    outputs: z
      .array(z.union([showOutput, fileOutput]))
      .min(1)
      .describe('What is printed and written, in order.'),
  })
  .describe('A job of Kiln.');

/** A checked job file. */
export type JobDefinition = z.infer<typeof jobDefinition>;
/** Where data comes from. */
export type SourceDefinition = z.infer<typeof source>;
/** A step that a function computes. */
export type ModuleStepDefinition = z.infer<typeof moduleStep>;
/** A step. */
export type StepDefinition = z.infer<typeof sqlStep> | ModuleStepDefinition;
/** What is printed or written. */
export type OutputDefinition = z.infer<typeof showOutput> | z.infer<typeof fileOutput>;

/** The JSON Schema of a job file, for editors. */
export function jobSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(jobDefinition, { io: 'input' });
  return { $schema, title: 'Kiln job', ...rest };
}
