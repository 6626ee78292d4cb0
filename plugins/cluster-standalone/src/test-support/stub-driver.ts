/** In the place of a driver: ends as the first of its settings says, or lives on. */
import { existsSync, readFileSync } from 'node:fs';
import type { DriverLaunch } from '@kiln/contracts/cluster-manager';
import { whenParentIsGone } from '@kiln/launcher';

whenParentIsGone(() => process.exit(0));
const launch = JSON.parse(process.env['KILN_DRIVER'] ?? '') as DriverLaunch;
const code = launch.description.conf['stub.exit'];
const file = launch.description.application.path;
if (existsSync(file)) process.stdout.write(readFileSync(file, 'utf8'));
if (code !== undefined && launch.attempt <= Number(launch.description.conf['stub.attempts'] ?? 1))
  process.exit(Number(code));
setInterval(() => {}, 1000);
