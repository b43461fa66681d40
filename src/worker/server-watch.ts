/** Whether a server that no connection leads to any more is still waited for. */
export class ServerWatch {
  readonly #isAnyUp: () => boolean;
  readonly #longestUs: number;
  /** Since when no connection is up. */
  #downSinceUs: number | null = null;
  /** It was away for longer than it is waited for. */
  isLost = false;

  /** @param longestMs how long it is waited for. */
  constructor(isAnyUp: () => boolean, longestMs: number) {
    this.#isAnyUp = isAnyUp;
    this.#longestUs = longestMs * 1000;
  }

  /** @returns true when it is given up, once. */
  look(now: number): boolean {
    if (this.#isAnyUp()) {
      this.#downSinceUs = null;
      return false;
    }
    this.#downSinceUs ??= now;
    return now - this.#downSinceUs >= this.#longestUs && this.giveUp();
  }

  /** By whoever knows better. @returns false if it was given up before */
  giveUp(): boolean {
    const isNew = !this.isLost;
    this.isLost = true;
    return isNew;
  }
}
