import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePools } from './pools.ts';

// As in Spark's documentation.
const xml = `<?xml version="1.0"?>
<allocations>
  <!-- of the shop -->
  <pool name="production">
    <schedulingMode>FAIR</schedulingMode>
    <weight>1</weight>
    <minShare>2</minShare>
  </pool>
  <pool name="test"><weight> 2 </weight></pool>
</allocations>`;

const yaml = `
pools:
  - name: production
    schedulingMode: fair
    minShare: 2
  - { name: test, weight: 2 }
`;

test.each([
  ['fairscheduler.xml', xml],
  ['pools.yaml', yaml],
])('%s', (file, text) => {
  expect(parsePools(text, file)).toEqual([
    { name: 'production', schedulingMode: 'FAIR', weight: 1, minShare: 2 },
    { name: 'test', schedulingMode: 'FIFO', weight: 2, minShare: 0 },
  ]);
});

describe('what is wrong is said', () => {
  test.each([
    ['p.xml', '<allocations><pool name="a">', 'no well-formed XML'],
    ['p.xml', '', 'no well-formed XML'],
    ['p.xml', '<!DOCTYPE a [<!ENTITY b "c">]><allocations/>', 'no well-formed XML'],
    ['p.xml', '<pools/>', 'root element is not <allocations>'],
    ['p.xml', '<allocations><queue/></allocations>', '<queue> is not known'],
    ['p.xml', '<allocations><pool/></allocations>', 'a pool has no name'],
    ['p.xml', '<allocations><pool name="a"><weigth>1</weigth></pool></allocations>', "field 'weigth'"],
    ['p.xml', '<allocations><pool name="a"><weight>0</weight></pool></allocations>', "weight is '0'"],
    ['p.xml', '<allocations><pool name="a"><minShare>-1</minShare></pool></allocations>', "minShare is '-1'"],
    ['p.xml', '<allocations><pool name="a"><schedulingMode>LIFO</schedulingMode></pool></allocations>', "'LIFO'"],
    ['p.xml', '<allocations><pool name="a"/><pool name="a"/></allocations>', "pool 'a' is there twice"],
    ['p.yml', 'a: [', 'no valid YAML'],
    ['p.yml', 'production: 1', "no list 'pools'"],
    ['p.yml', 'pools: [1]', 'not a mapping'],
  ])('%s: %s', (file, text, message) => {
    expect(() => parsePools(text, file)).toThrow(message);
  });
});

const junk = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        '<allocations>',
        '<pool name="a">',
        '</pool>',
        '<weight>',
        '1',
        '&lt;',
        '<![CDATA[',
        '-->',
        'pools:',
        '\n- ',
        '{',
      ),
    )
    .map((parts) => parts.join('')),
);

test.each(['p.xml', 'p.yaml'])('any bytes as %s give pools or a clear error', (file) =>
  fc.assert(
    fc.property(junk, (text) => {
      try {
        for (const pool of parsePools(text, file)) expect(pool.weight).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'KILN_SCHEDULER_POOLS' });
      }
    }),
  ),
);
