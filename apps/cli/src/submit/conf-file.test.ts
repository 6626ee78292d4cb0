import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isKilnError } from '@kiln/base';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConf, readConfFile } from './conf-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-conf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file of settings', () => {
  test('is Java properties: names and values, apart by white space, = or :', () => {
    const text = `# a comment
! another
spark.executor.memory            2g

spark.master=kiln://host:7077
  spark.app.name : night job \t
spark.sql.session.timeZone\tEurope\\
    /Berlin
spark.local.dir = /a\\u0020b
`;
    expect(parseConf('c', text)).toEqual([
      { name: 'spark.executor.memory', value: '2g', origin: 'c:3' },
      { name: 'spark.master', value: 'kiln://host:7077', origin: 'c:5' },
      { name: 'spark.app.name', value: 'night job', origin: 'c:6' },
      { name: 'spark.sql.session.timeZone', value: 'Europe/Berlin', origin: 'c:7' },
      { name: 'spark.local.dir', value: '/a b', origin: 'c:9' },
    ]);
    expect(parseConf('c', '')).toEqual([]);
    expect(parseConf('c', 'spark.app.name a\r\nspark.master b\r\n').map(({ value }) => value)).toEqual(['a', 'b']);
  });

  test.each([
    ['spark.executor.memory', 'spark.executor.memory has no value', 1],
    ['\n[section]', "'[section]' is not the name of a setting", 2],
    ['spark.app.name \\u00', expect.any(String), 1],
  ])('names the line of %j', (text, message, line) => {
    const read = () => parseConf('conf/x.conf', text);
    expect(read).toThrow(
      expect.objectContaining({ code: 'KILN_SETTINGS_FILE', message, position: { line, column: 1 } }),
    );
  });

  test('says what is wrong with any text, and fails in no other way', () => {
    const words = fc.array(fc.constantFrom('spark.a', '=', ' ', '\\', '\n', 'x', '\\u00', '#', ':', '\r'), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          words.map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            parseConf('c', text);
          } catch (error) {
            if (!isKilnError(error)) throw error;
          }
        },
      ),
    );
  });
});

describe('the file that counts', () => {
  const conf = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  };

  test('is that of --properties-file, else spark-defaults.conf of $KILN_CONF_DIR', async () => {
    const asked = conf('other.conf', 'spark.app.name asked');
    conf('etc/spark-defaults.conf', 'spark.app.name default');
    const confDir = join(folder, 'etc');
    expect(await readConfFile({ propertiesFile: asked, confDir })).toMatchObject([{ value: 'asked' }]);
    expect(await readConfFile({ propertiesFile: null, confDir })).toMatchObject([{ value: 'default' }]);
    expect(await readConfFile({ propertiesFile: null, confDir: join(folder, 'none') })).toEqual([]);
  });

  test('must be there when it is asked for', async () => {
    const read = (propertiesFile: string) => readConfFile({ propertiesFile, confDir: null });
    await expect(read(join(folder, 'none.conf'))).rejects.toMatchObject({
      code: 'KILN_SETTINGS_FILE',
      message: `${join(folder, 'none.conf')} cannot be read: there is no such file`,
    });
    await expect(read(folder)).rejects.toMatchObject({ message: `${folder} cannot be read: it is a folder` });
  });
});
