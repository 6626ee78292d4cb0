/** Waiting tasks by executor, host or rack; those of places that are not up sleep, so that nobody waits for them. */
export class PreferenceLists {
  readonly live = new Map<string, number[]>();
  readonly #dormant = new Map<string, number[]>();

  add(key: string, index: number, isLive: boolean): void {
    const lists = isLive ? this.live : this.#dormant;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [index]);
    else list.push(index);
  }

  wake(key: string): readonly number[] {
    return move(key, this.#dormant, this.live);
  }

  sleep(key: string): void {
    move(key, this.live, this.#dormant);
  }
}

function move(key: string, from: Map<string, number[]>, to: Map<string, number[]>): readonly number[] {
  const list = from.get(key);
  if (list === undefined) return [];
  from.delete(key);
  const there = to.get(key);
  if (there === undefined) to.set(key, list);
  else for (const index of list) there.push(index);
  return list;
}
