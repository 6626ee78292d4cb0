import { extensionPoint, inject, injectable, token } from '@kiln/contracts/plugin';
import { describe, expect, it } from 'vitest';
import { Composition } from './composition.ts';

interface Greeter {
  greet(): string;
}
const Greeter = token<Greeter>('test.greeter');
const Word = token<{ word: string }>('test.word');
const wordsPoint = extensionPoint<{ word: string }>('test.words');

@injectable()
class DefaultGreeter implements Greeter {
  readonly #word: { word: string };
  constructor(@inject(Word) word: { word: string }) {
    this.#word = word;
  }
  greet() {
    return `default ${this.#word.word}`;
  }
}

@injectable()
class OtherGreeter implements Greeter {
  greet() {
    return 'other';
  }
}

const withWord = (composition = new Composition()) => {
  composition.bindValue(Word, { word: 'hello' }, 'host');
  return composition;
};

describe('Composition', () => {
  it('uses the default, a singleton', () => {
    const composition = withWord();
    composition.bindDefault(Greeter, DefaultGreeter);
    composition.prepare([], {});
    composition.start();
    expect(composition.get(Greeter).greet()).toBe('default hello');
    expect(composition.get(Greeter)).toBe(composition.get(Greeter));
  });

  it('lets one plugin replace a default', () => {
    const composition = withWord();
    composition.bindDefault(Greeter, DefaultGreeter);
    composition.bind(Greeter, OtherGreeter, 'other-plugin');
    composition.prepare([], {});
    composition.start();
    expect(composition.get(Greeter).greet()).toBe('other');
    expect(composition.owners()['test.greeter']).toBe('other-plugin');
  });

  it('asks for a choice between two plugins, and takes it', () => {
    const offer = () => {
      const composition = withWord();
      composition.bindDefault(Greeter, DefaultGreeter);
      composition.bind(Greeter, OtherGreeter, 'a');
      composition.bind(Greeter, OtherGreeter, 'b');
      return composition;
    };
    expect(() => offer().prepare([], {})).toThrow(/'test.greeter' is offered by a, b, engine: choose one/);
    const composition = offer();
    composition.prepare([], { 'test.greeter': 'engine' });
    composition.start();
    expect(composition.get(Greeter).greet()).toBe('default hello');
  });

  it('names every problem at once: holes, wrong choices, unknown extension points', () => {
    const hole = new Composition();
    hole.bindDefault(Greeter, DefaultGreeter);
    hole.prepare([], {});
    expect(() => hole.start()).toThrow(/'test.greeter' cannot be constructed/);
    const wrong = withWord();
    wrong.contribute(wordsPoint, { word: 'x' }, 'p');
    expect(() => wrong.prepare([], { 'no.such': 'p' })).toThrow(
      /'no\.such'[\s\S]*'test\.words', which is no extension point/,
    );
  });

  it('collects contributions in order, objects and classes', () => {
    @injectable()
    class Contributed {
      readonly word: string;
      constructor(@inject(Word) word: { word: string }) {
        this.word = word.word;
      }
    }
    const composition = withWord();
    composition.contribute(wordsPoint, { word: 'first' }, 'p');
    composition.contribute(wordsPoint, Contributed, 'q');
    composition.prepare([wordsPoint], {});
    composition.start();
    expect(composition.all(wordsPoint).map((one) => one.word)).toEqual(['first', 'hello']);
  });

  it('stops in reverse order of start', async () => {
    const order: string[] = [];
    const composition = new Composition();
    composition.bindValue(token<object>('test.a'), { stop: () => order.push('a') }, 'p');
    composition.bindValue(token<object>('test.b'), { stop: () => order.push('b') }, 'p');
    composition.prepare([], {});
    composition.start();
    await composition.stop();
    expect(order).toEqual(['b', 'a']);
  });
});
