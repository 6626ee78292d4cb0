import 'reflect-metadata';
import { inject, injectable, container as rootContainer } from 'tsyringe';
import { expect, test } from 'vitest';

// The whole house stands on this: parameter decorators work under vitest's
// transform and under tsc, without emitted metadata.
const Greeting = Symbol.for('kiln.test.Greeting');

@injectable()
class Greeter {
  readonly text: string;
  constructor(
    @inject(Greeting) greeting: string,
    @inject('name') readonly name: string,
  ) {
    this.text = `${greeting}, ${name}`;
  }
}

test('constructor parameters are injected by token', () => {
  const container = rootContainer.createChildContainer();
  container.register(Greeting, { useValue: 'Hello' });
  container.register('name', { useValue: 'Kiln' });
  expect(container.resolve(Greeter).text).toBe('Hello, Kiln');
});

test('a missing binding throws and names the token', () => {
  expect(() => rootContainer.createChildContainer().resolve(Greeter)).toThrow(/Greeting/);
});
