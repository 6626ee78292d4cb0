import { LocalClusterManager } from '@kiln/cluster-local';
import { FifoSchedulingPolicy } from '@kiln/engine/task-scheduler';
import { describeClusterManager, describeSchedulingPolicy } from '@kiln/testing/conformance';

describeClusterManager(
  'local[2]',
  () => new LocalClusterManager({ master: 'local[2]', machine: { cores: 4, memoryBytes: 1 << 30 } }),
);
describeSchedulingPolicy('FIFO', () => new FifoSchedulingPolicy());
