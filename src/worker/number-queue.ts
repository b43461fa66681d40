/** A first-in first-out queue of integers in a ring that grows: no object for each of 200,000 users. */
export class NumberQueue {
  #items = new Int32Array(16);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: number): void {
    if (this.#size === this.#items.length) {
      const larger = new Int32Array(this.#items.length * 2);
      for (let i = 0; i < this.#size; i++) larger[i] = this.#at(i);
      this.#items = larger;
      this.#head = 0;
    }
    this.#items[(this.#head + this.#size++) & (this.#items.length - 1)] = item;
  }

  /** Takes out the oldest; the queue must not be empty. */
  shift(): number {
    const item = this.#at(0);
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#size--;
    return item;
  }

  /** Takes out every occurrence of `item`; linear. */
  remove(item: number): void {
    for (let left = this.#size; left > 0; left--) {
      const one = this.shift();
      if (one !== item) this.push(one);
    }
  }

  #at(index: number): number {
    return this.#items[(this.#head + index) & (this.#items.length - 1)]!;
  }
}
