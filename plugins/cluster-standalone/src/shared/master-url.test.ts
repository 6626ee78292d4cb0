import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masterUrl, parseMasterUrl } from './master-url.ts';

describe('the URL of a cluster', () => {
  it.each([
    ['kiln://localhost', 'kiln://localhost:7077'],
    ['kiln://a:1,b.example:2, c/', 'kiln://a:1,b.example:2,c:7077'],
    ['kiln://[::1]:7000,10.0.0.1', 'kiln://[::1]:7000,10.0.0.1:7077'],
  ])('%s', (url, whole) => expect(masterUrl(parseMasterUrl(url))).toBe(whole));

  it.each([
    'kiln://',
    'kiln:/a',
    'spark://a:1',
    'kiln://a:0',
    'kiln://a:99999',
    'kiln://a:b',
    'kiln://a,,b',
    'kiln://::1',
  ])('%s is refused', (url) => expect(() => parseMasterUrl(url)).toThrow('is not the URL of a cluster'));

  it('is parsed or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseMasterUrl(`kiln://${text}`).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: 'KILN_MASTER_URL' });
        }
      }),
    );
  });
});
