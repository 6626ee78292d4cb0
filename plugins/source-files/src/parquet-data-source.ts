import { KilnError } from '@kiln/base';
import type { DataSource, Table, TableRequest } from '@kiln/contracts/planner';
import { parquetMetadata } from '@kiln/native';
import { listFiles } from './list-files.ts';
import { readNative } from './native-metadata.ts';

/** Parquet: schema, row counts and column statistics from the footers, which are read natively and side by side. */
export class ParquetDataSource implements DataSource {
  readonly format = 'parquet';

  async resolve(request: TableRequest): Promise<Table> {
    const files = await listFiles(request.paths);
    if (files.length === 0) {
      throw new KilnError('UNABLE_TO_INFER_SCHEMA', `No Parquet files in ${request.paths.join(', ')}`, {
        hint: 'Check the path; names that begin with _ or . are skipped',
      });
    }
    const table = await readNative<Table>(() => parquetMetadata(JSON.stringify(files.map((file) => file.path))));
    return request.schema === null ? table : { ...table, fields: request.schema, columns: [] };
  }
}
