// Writes native/addon/index.d.ts and index.js from the addon that is installed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addonFolder } from '../native-build/paths.ts';
import { generatedFiles } from './native-files.ts';

for (const [file, text] of Object.entries(generatedFiles(addonFolder))) {
  writeFileSync(join(addonFolder, file), text);
  console.log(`      native/addon/${file}`);
}
