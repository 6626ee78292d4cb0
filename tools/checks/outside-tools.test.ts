// The checks that other programs do: each refuses a bad example with this repository's configuration.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../native-build/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-checks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: string[], options: { cwd?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
  return { status, output: `${stdout}${stderr}` };
}

const bin = (name: string) => join(root, 'node_modules', '.bin', name);

test.each([
  ['noFloatingPromises', 'async function f(): Promise<void> {}\nexport function g(): void {\n  f();\n}\n'],
  ['noDefaultExport', 'export default 1;\n'],
  ['noUnusedVariables', 'const unused = 1;\nexport {};\n'],
  ['noConsole', "console.log('x');\nexport {};\n"],
])('biome refuses %s', (rule, text) => {
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }));
  writeFileSync(join(folder, 'bad-example.ts'), text);
  const { status, output } = run(bin('biome'), ['lint', 'bad-example.ts'], { cwd: folder });
  expect(output).toContain(rule);
  expect(status).not.toBe(0);
});

test('tsc refuses a wrong type, and a decorator is no error', () => {
  const tsconfig = { extends: join(root, 'tsconfig.tests.json'), include: ['bad.ts'], references: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...tsconfig, compilerOptions: { types: [] } }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'bad.ts'),
    'declare const d: ParameterDecorator;\nexport class A { constructor(@d readonly x: string) {} }\nexport const a: number = "x";\n',
  );
  const { status, output } = run(bin('tsc'), ['-p', folder, '--pretty', 'false']);
  expect(output.match(/error TS\d+/g)).toEqual(['error TS2322']);
  expect(status).not.toBe(0);
});

const has = (component: string) => run('cargo', [component, '--version']).status === 0;

test.skipIf(!has('fmt'))('cargo fmt refuses a bad format', () => {
  writeFileSync(join(folder, 'bad.rs'), 'fn  main( ){}\n');
  expect(run('rustfmt', ['--check', '--edition=2024', join(folder, 'bad.rs')]).status).not.toBe(0);
});

test.skipIf(!has('clippy'))('clippy refuses unwrap with the lints of the workspace', () => {
  const lints = /\[workspace\.lints[\s\S]*?(?=\n\[(?!workspace\.lints)|$)/.exec(
    readFileSync(join(root, 'Cargo.toml'), 'utf8'),
  )?.[0];
  const crate = join(folder, 'crate');
  mkdirSync(join(crate, 'src'), { recursive: true });
  const header =
    '[package]\nname = "bad"\nversion = "0.0.0"\nedition = "2024"\n[lints]\nworkspace = true\n[workspace]\n';
  writeFileSync(join(crate, 'Cargo.toml'), `${header}${lints ?? ''}\n`);
  writeFileSync(join(crate, 'src', 'main.rs'), 'fn main() { None::<u8>.unwrap(); }\n');
  const { status, output } = run('cargo', ['clippy', '--offline', '--target-dir', join(folder, 'target')], {
    cwd: crate,
  });
  expect(output).toContain('unwrap_used');
  expect(status).not.toBe(0);
});
