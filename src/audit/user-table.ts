/**
 * What is known of each user of one concert, as columns in pages made on demand: user numbers are dense where one
 * concert takes everybody, thin where many share them. Cleared, its pages serve the next concert.
 */

const PAGE_BITS = 13;
const PAGE_USERS = 2 ** PAGE_BITS;
/** User numbers are below this. */
export const MOST_USERS = 2 ** 32;

export class UserPage {
  /** Bits of `KNOWN`. */
  readonly known = new Uint16Array(PAGE_USERS);
  /** Row (plus 1) of the user's latest answer, of the one that said NEW, and of his latest leaving; 0 if none. */
  readonly lastRow = new Uint32Array(PAGE_USERS);
  readonly newRow = new Uint32Array(PAGE_USERS);
  readonly leftRow = new Uint32Array(PAGE_USERS);
}

/** What can be known of a user: how set-up left him, what he was told, where he stands afterwards. */
export const KNOWN = {
  prepared: 1,
  toldNew: 2,
  toldNewAgain: 4,
  toldWaiting: 8,
  toldActive: 16,
  inDoubt: 32,
  isWaiting: 64,
  isActive: 128,
  /** He left: what was told before counts no more. */
  left: 256,
  /** Nobody can say whether he left, or whether before or after another answer. */
  unsure: 512,
} as const;

/** Place of a user within his page. */
export const placeOf = (user: number): number => user & (PAGE_USERS - 1);

export class UserTable {
  readonly #pages: (UserPage | undefined)[] = [];
  #users: number[] = [];

  /** The page of `user`, an integer in [0, MOST_USERS). */
  page(user: number): UserPage {
    const number = user >>> PAGE_BITS;
    let page = this.#pages[number];
    if (page === undefined) {
      page = new UserPage();
      this.#pages[number] = page;
    }
    return page;
  }

  /** Adds bits to what is known of `user`. */
  learn(page: UserPage, user: number, bits: number): void {
    const place = placeOf(user);
    const known = page.known[place] as number;
    if (known === 0) this.#users.push(user);
    page.known[place] = known | bits;
  }

  /** Everybody of whom something is known, in the order in which it was learnt. */
  get users(): readonly number[] {
    return this.#users;
  }

  clear(): void {
    for (const user of this.#users) {
      const page = this.page(user);
      const place = placeOf(user);
      page.known[place] = 0;
      page.lastRow[place] = 0;
      page.newRow[place] = 0;
      page.leftRow[place] = 0;
    }
    this.#users = [];
  }
}
