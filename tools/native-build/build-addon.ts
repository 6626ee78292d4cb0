// Runs cargo for the addon and collects the library and its TypeScript types.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateTypeDef } from '@napi-rs/cli';
import { runCargo } from './cargo.ts';
import { binaryName, PROFILE, root } from './paths.ts';

// Not `napi build`: it always passes --target, so cargo would keep its output
// apart from that of `cargo test` and compile DataFusion twice.
export async function buildAddon(into: string): Promise<void> {
  // napi-derive writes its type definitions here while it compiles. The folder is new each
  // time, and napi-build makes cargo compile the addon's crate again when it changes.
  const types = join(into, 'types');
  mkdirSync(types);
  const { libraries } = await runCargo({
    args: ['build', `--profile=${PROFILE}`, '--package=kiln-addon', '--lib'],
    packages: ['--package=kiln-addon', '--edges=normal,build'],
    env: { NAPI_TYPE_DEF_TMP_FOLDER: types },
  });
  const library = libraries.get('kiln-addon');
  if (!library) throw new Error('cargo ended well but named no library of kiln-addon');
  copyFileSync(library, join(into, binaryName));

  const { dts, exports } = await generateTypeDef({
    typeDefDir: types,
    cwd: root,
    // TypeScript refuses `const enum` from another package under isolatedModules.
    constEnum: false,
    dtsHeader: '// Generated from native/addon/src by `npm run gen`: do not edit.\n',
  });
  writeFileSync(join(into, 'index.d.ts'), dts.includes('export') ? dts : `${dts.trim()}\nexport {};\n`);
  writeFileSync(join(into, 'exports.json'), `${JSON.stringify(exports.toSorted(), null, 2)}\n`);
  rmSync(types, { recursive: true });
}
