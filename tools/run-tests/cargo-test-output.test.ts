import { expect, test } from 'vitest';
import { CargoTestCounter } from './cargo-test-output.ts';

function count(text: string) {
  const counter = new CargoTestCounter();
  for (const line of text.split('\n')) counter.line(line);
  return counter.end();
}

const good = `
     Running unittests src/lib.rs (target/release/deps/a-1)

running 3 tests
test one ... ok
test two ... ignored, needs a network
test three - should panic ... ok

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
`;

test('adds up binaries and doc tests', () => {
  const docs =
    '   Doc-tests a\n\nrunning 1 test\ntest src/lib.rs - f (line 1) ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out';
  expect(count(good + docs)).toEqual({ passed: 3, failed: 0, skipped: 1, reasons: [] });
});

test('names failed tests', () => {
  const bad =
    '     Running tests/b.rs (target/b)\nrunning 2 tests\ntest x ... FAILED\ntest y ... ok\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured';
  expect(count(good + bad)).toEqual({ passed: 3, failed: 1, skipped: 1, reasons: ['tests/b.rs: x'] });
});

test('a binary that crashes counts as failed, with all tests that did not end', () => {
  const crash =
    '     Running tests/b.rs (target/b)\nrunning 3 tests\ntest x ... ok\nerror: test failed, to rerun pass `--test b`\nCaused by: signal: 11';
  expect(count(crash + good)).toMatchObject({
    passed: 3,
    failed: 2,
    skipped: 1,
    reasons: [expect.stringContaining('stopped in the middle')],
  });
});

test('a filtered run leaves nothing open', () => {
  const filtered =
    '     Running a (t)\n\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s';
  expect(count(filtered)).toEqual({ passed: 0, failed: 0, skipped: 0, reasons: [] });
});
