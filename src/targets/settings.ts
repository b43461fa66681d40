import type { Redis } from "ioredis";
import { primariesOf } from "./primaries.js";

/** A setting of the server that a run has changed, and what it was. */
export interface ChangedSetting {
  readonly name: string;
  readonly set: string;
  readonly was: string;
}

/**
 * Settings of the server that are changed for a while. What is changed is written down before it is, so that the next
 * start can put it back after a SIGKILL.
 */
export class Settings {
  readonly #control: Redis;
  readonly #remember: (changes: readonly ChangedSetting[]) => Promise<void>;
  #changes: readonly ChangedSetting[] = [];

  constructor(control: Redis, remember: (changes: readonly ChangedSetting[]) => Promise<void>) {
    this.#control = control;
    this.#remember = remember;
  }

  /** @throws whatever the server answers */
  async set(name: string, value: string): Promise<void> {
    const was = await currentOf(this.#control, name);
    if (was === undefined || was === value) return;
    this.#changes = [...this.#changes, { name, set: value, was }];
    await this.#remember(this.#changes);
    await setEverywhere(this.#control, name, value);
  }

  /** Puts back what was changed. May be called again. @throws whatever the server answers */
  async restore(): Promise<void> {
    if (this.#changes.length === 0) return;
    await putBack(this.#control, this.#changes);
    this.#changes = [];
    await this.#remember([]);
  }
}

/** The last change first; what somebody else has changed meanwhile is left as it is. */
export async function putBack(control: Redis, changes: readonly ChangedSetting[]): Promise<void> {
  for (const { name, set, was } of [...changes].reverse()) {
    if ((await currentOf(control, name)) === set) await setEverywhere(control, name, was);
  }
}

async function setEverywhere(control: Redis, name: string, value: string): Promise<void> {
  for (const node of primariesOf(control)) await node.config("SET", name, value);
}

/** Of a cluster the first node's, whose settings are taken to be all nodes'. Undefined on a server that does not know the setting. */
async function currentOf(control: Redis, name: string): Promise<string | undefined> {
  const [, value] = (await primariesOf(control)[0]!.config("GET", name)) as string[];
  return value;
}
