import { KilnError, type Position } from '@kiln/base';
import type { StructField } from '@kiln/contracts/plan';
import type { ColumnStatistics } from '@kiln/contracts/planner';

/** What the addon reads from files: fields, rows per file (`null`: not known), statistics per field. */
export interface FileMetadata {
  readonly fields: readonly StructField[];
  readonly rows: readonly (number | null)[];
  readonly columns: readonly ColumnStatistics[];
}

export async function readNative(read: () => Promise<string>): Promise<FileMetadata> {
  try {
    return JSON.parse(await read()) as FileMetadata;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!message.startsWith('{')) throw error;
    const data = JSON.parse(message) as { class: string; message: string; position: Position | null; hint: string | null };
    throw new KilnError(data.class, data.message, { position: data.position, ...(data.hint === null ? {} : { hint: data.hint }) });
  }
}
