import type { ConcertKeys } from "../queue/keys.js";
import type { QueueReader } from "./reader.js";

/** What the data of one concert say after a trial, as columns. */
export interface FinalState {
  /** Users of the waiting set, front to back; strangers are left out. */
  readonly waiting: Uint32Array;
  /** Members of the waiting set that are no users of ours. */
  readonly strangers: number;
  /** Users of the active set, when each one's place ends (ms), and whether he holds a token: 1 or 0. */
  readonly active: Uint32Array;
  readonly expiresAtMs: Float64Array;
  readonly hasToken: Uint8Array;
  /** Waiting users who hold a token. */
  readonly holders: ReadonlySet<number>;
}

/** What a user's token is: a key of its own, or his place in the active set, as long as its score lies in the future. */
export type TokenForm = "key" | "member";

export async function readFinalState(reader: QueueReader, keys: ConcertKeys, form: TokenForm): Promise<FinalState> {
  const active = new Column(Uint32Array);
  const expiresAtMs = new Column(Float64Array);
  const hasToken = new Column(Uint8Array);
  const nowMs = form === "member" ? await reader.timeMs() : 0;
  for await (const members of reader.active(keys)) {
    const users = oursIn(members.users);
    const holders = form === "key" ? await reader.tokenHolders(keys, users) : users;
    // Mostly all of them: no set is made for that.
    const holding = holders.length === users.length ? null : new Set(holders);
    for (let index = 0; index < members.users.length; index++) {
      const user = members.users[index]!;
      if (user < 0) continue;
      const endsMs = members.expiresAtMs[index]!;
      const holds = form === "member" ? endsMs > nowMs : (holding?.has(user) ?? true);
      active.push(user);
      expiresAtMs.push(endsMs);
      hasToken.push(holds ? 1 : 0);
    }
  }
  const waiting = new Column(Uint32Array);
  const holders = new Set<number>();
  let strangers = 0;
  for await (const members of reader.waiting(keys)) {
    const users = oursIn(members);
    strangers += members.length - users.length;
    for (let index = 0; index < users.length; index++) waiting.push(users[index]!);
    if (form === "key") for (const user of await reader.tokenHolders(keys, users)) holders.add(user);
  }
  return {
    waiting: waiting.values,
    strangers,
    active: active.values,
    expiresAtMs: expiresAtMs.values,
    hasToken: hasToken.values,
    holders,
  };
}

/** Without the members that are no users of ours. */
function oursIn(users: ArrayLike<number>): readonly number[] {
  const ours: number[] = [];
  for (let index = 0; index < users.length; index++) if (users[index]! >= 0) ours.push(users[index]!);
  return ours;
}

type Numbers = Uint32Array | Float64Array | Uint8Array;

/** A typed array that grows. */
class Column<T extends Numbers> {
  readonly #make: new (
    length: number,
  ) => T;
  #room: T;
  #length = 0;

  constructor(make: new (length: number) => T) {
    this.#make = make;
    this.#room = new make(1024);
  }

  push(value: number): void {
    if (this.#length === this.#room.length) {
      const larger = new this.#make(2 * this.#length);
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room[this.#length++] = value;
  }

  get values(): T {
    return this.#room.subarray(0, this.#length) as T;
  }
}
