/** In the place of @kiln/executor: it only lives, and does what its environment says. */
import { whenParentIsGone } from '@kiln/launcher';

whenParentIsGone(() => process.exit(0));
const hold = Number(process.env['STUB_HOLD_MIB'] ?? 0);
const held = hold > 0 ? Buffer.alloc(hold * 2 ** 20, 1) : undefined;
if (process.env['STUB_EXIT'] !== undefined) {
  process.stderr.write('it does what it was told\n');
  process.exit(Number(process.env['STUB_EXIT']));
}
setInterval(() => held?.length, 1000);
