import 'reflect-metadata';
import { KilnError } from '@kiln/base';
import { allOf, type Constructor, type ExtensionPoint, type Token } from '@kiln/contracts/plugin';
import { type DependencyContainer, Lifecycle, container as rootContainer } from 'tsyringe';

interface Binding {
  readonly owner: string;
  readonly apply: (container: DependencyContainer) => void;
}

/** Who offers what, before anything is constructed. */
type Offers = Map<Token<unknown>, Binding[]>;

/**
 * The composition root: the only code that sees a container. Symbols are the only tokens, everything is a singleton, a second
 * binding of a token needs a choice, and at start every token is resolved once so that a hole fails the start, not a job.
 */
export class Composition {
  readonly #container = rootContainer.createChildContainer();
  readonly #defaults: Offers = new Map();
  readonly #offers: Offers = new Map();
  readonly #contributions = new Map<string, { owner: string; value: object | Constructor<object> }[]>();
  readonly #started: { token: Token<unknown>; service: unknown }[] = [];

  /** The engine's own implementation; any plugin's binding replaces it. */
  bindDefault<T>(token: Token<T>, implementation: Constructor<T>): void {
    this.#defaults.set(token, [{ owner: 'engine', apply: register(token, implementation) }]);
  }

  bind<T>(token: Token<T>, implementation: Constructor<T>, owner: string): void {
    this.#offer(token, { owner, apply: register(token, implementation) });
  }

  bindValue<T extends object>(token: Token<T>, value: T, owner: string): void {
    this.#offer(token, { owner, apply: (container) => container.register(token, { useValue: value }) });
  }

  /** Something of the host's own, which no plugin replaces. The last value given counts. */
  provide<T extends object>(token: Token<T>, value: T): void {
    this.#container.register(token, { useValue: value });
  }

  contribute<T extends object>(point: ExtensionPoint<T>, value: T | Constructor<T>, owner: string): void {
    const list = this.#contributions.get(point.id) ?? [];
    list.push({ owner, value });
    this.#contributions.set(point.id, list);
  }

  /**
   * Chooses among offers (`bindings`: token name to plugin id). Nothing is constructed but what is asked for. All problems are named in one error.
   */
  prepare(points: readonly ExtensionPoint<object>[], bindings: Readonly<Record<string, string>>): void {
    const problems = this.#choose(bindings);
    const known = new Set(points.map((point) => point.id));
    for (const [id, list] of this.#contributions) {
      if (!known.has(id))
        problems.push(`plugin '${list[0]?.owner}' contributes to '${id}', which is no extension point`);
    }
    if (problems.length > 0) throw compositionError(problems);
    for (const point of points) {
      this.#container.register(allOf(point), {
        useFactory: memoize((container) =>
          (this.#contributions.get(point.id) ?? []).map(({ value }) =>
            isConstructor(value) ? container.resolve(value) : value,
          ),
        ),
      });
    }
  }

  /** Constructs every service once (or those of `tokens`), so that a hole fails the start and not a job. */
  start(tokens?: readonly Token<unknown>[]): void {
    const problems: string[] = [];
    for (const token of tokens ?? new Set([...this.#defaults.keys(), ...this.#offers.keys()])) {
      try {
        this.#started.push({ token, service: this.#container.resolve(token) });
      } catch (cause) {
        problems.push(
          `'${nameOf(token)}' cannot be constructed: ${cause instanceof Error ? cause.message : String(cause)}`,
        );
      }
    }
    if (problems.length > 0) throw compositionError(problems);
  }

  get<T>(token: Token<T>): T {
    return this.#container.resolve<T>(token);
  }

  all<T>(point: ExtensionPoint<T>): readonly T[] {
    return this.#container.resolve<readonly T[]>(allOf(point));
  }

  /** Who serves each token, for `kiln plugins` and error messages. */
  owners(): Readonly<Record<string, string>> {
    const tokens = new Set([...this.#defaults.keys(), ...this.#offers.keys()]);
    return Object.fromEntries(
      [...tokens].map((token) => [
        nameOf(token),
        (this.#offers.get(token) ?? this.#defaults.get(token))?.[0]?.owner ?? '',
      ]),
    );
  }

  /** Calls `stop()` of what has one, in reverse order of start. */
  async stop(): Promise<void> {
    for (const { service } of this.#started.reverse()) {
      const stop = (service as { stop?: () => unknown }).stop;
      if (typeof stop === 'function') await stop.call(service);
    }
    this.#started.length = 0;
    this.#container.clearInstances();
  }

  #offer(token: Token<unknown>, binding: Binding): void {
    const list = this.#offers.get(token) ?? [];
    list.push(binding);
    this.#offers.set(token, list);
  }

  #choose(bindings: Readonly<Record<string, string>>): string[] {
    const problems: string[] = [];
    const names = new Set([...this.#defaults.keys(), ...this.#offers.keys()].map(nameOf));
    for (const name of Object.keys(bindings)) {
      if (!names.has(name))
        problems.push(`bindings name '${name}', which nothing offers; offered: ${[...names].sort().join(', ')}`);
    }
    for (const token of new Set([...this.#defaults.keys(), ...this.#offers.keys()])) {
      const offers = this.#offers.get(token) ?? [];
      const wanted = bindings[nameOf(token)];
      const candidates = [...offers, ...(this.#defaults.get(token) ?? [])];
      const chosen =
        wanted === undefined
          ? offers.length > 1
            ? undefined
            : candidates[0]
          : candidates.find((offer) => offer.owner === wanted);
      if (chosen === undefined) {
        const owners = candidates.map((offer) => offer.owner).join(', ');
        problems.push(
          wanted === undefined
            ? `'${nameOf(token)}' is offered by ${owners}: choose one under 'bindings'`
            : `'${nameOf(token)}' is bound to '${wanted}', but is offered by ${owners}`,
        );
      } else {
        this.#offers.set(token, [chosen]);
        chosen.apply(this.#container);
      }
    }
    return problems;
  }
}

function register<T>(token: Token<T>, implementation: Constructor<T>): Binding['apply'] {
  return (container) => container.register(token, { useClass: implementation }, { lifecycle: Lifecycle.Singleton });
}

function memoize<T>(make: (container: DependencyContainer) => T): (container: DependencyContainer) => T {
  let made: { value: T } | undefined;
  return (container) => {
    made ??= { value: make(container) };
    return made.value;
  };
}

function isConstructor(value: object): value is Constructor<object> {
  return typeof value === 'function';
}

function nameOf(token: Token<unknown>): string {
  return (token.description ?? '').replace(/^kiln\.(service|contributions)\./, '');
}

function compositionError(problems: readonly string[]): KilnError {
  return new KilnError(
    'KILN_COMPOSITION',
    `The engine cannot be composed:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
}
