import { dataSourcesExtensionPoint, definePlugin } from '@kiln/contracts/plugin';
import { CsvDataSource } from './csv-data-source.ts';
import { ParquetDataSource } from './parquet-data-source.ts';

export default definePlugin({
  id: 'source-files',
  contracts: '^0.1.0',
  roles: ['driver'],
  register(env) {
    env.contribute(dataSourcesExtensionPoint, new ParquetDataSource());
    env.contribute(dataSourcesExtensionPoint, new CsvDataSource());
  },
});
