import type { Redis } from "ioredis";
import type { Address } from "../drivers/driver.js";
import { primariesNow, primariesOf } from "./primaries.js";

/** A setting of one server that a run has changed, and what it was. */
export interface ChangedSetting {
  readonly at: Address;
  readonly name: string;
  readonly set: string;
  readonly was: string;
}

/**
 * Settings of the server, or of a cluster's primaries, that are changed for a while. What is changed is written down
 * before it is, so that the next start can put it back after a SIGKILL.
 */
export class Settings {
  readonly #control: Redis;
  readonly #remember: (changes: readonly ChangedSetting[]) => Promise<void>;
  #changes: readonly ChangedSetting[] = [];

  constructor(control: Redis, remember: (changes: readonly ChangedSetting[]) => Promise<void>) {
    this.#control = control;
    this.#remember = remember;
  }

  /** @throws whatever a server answers */
  async set(name: string, value: string): Promise<void> {
    const nodes = await primariesNow(this.#control);
    const found = await Promise.all(nodes.map(async (node) => ({ node, was: await currentOf(node, name) })));
    const differing = found.filter(({ was }) => was !== undefined && was !== value);
    const changes = differing.map(({ node, was }) => ({ at: whereIs(node), name, set: value, was: was! }));
    this.#changes = [...this.#changes, ...changes];
    await this.#remember(this.#changes);
    for (const { node } of differing) await node.config("SET", name, value);
  }

  /** Puts back what was changed. May be called again. @throws whatever a server answers */
  async restore(): Promise<void> {
    if (this.#changes.length === 0) return;
    await putBack(this.#control, this.#changes);
    this.#changes = [];
    await this.#remember([]);
  }
}

/** The last change first; what somebody else has changed meanwhile is left as it is. */
export async function putBack(control: Redis, changes: readonly ChangedSetting[]): Promise<void> {
  for (const { at, name, set, was } of [...changes].reverse()) {
    await atNode(control, at, async (node) => {
      if ((await currentOf(node, name)) === set) await node.config("SET", name, was);
    });
  }
}

const whereIs = ({ options }: Redis): Address => ({ host: options.host!, port: options.port! });

/** In a cluster over a connection of its own: who was a primary, and was replaced, is none of its nodes for a moment. */
async function atNode(control: Redis, at: Address, use: (node: Redis) => Promise<void>): Promise<void> {
  if (!control.isCluster) return use(control);
  const node = primariesOf(control)[0]!.duplicate({ ...at });
  // What goes wrong is what the commands reject with.
  node.on("error", () => {});
  try {
    await use(node);
  } finally {
    node.disconnect();
  }
}

/** Undefined on a server that does not know the setting. */
async function currentOf(node: Redis, name: string): Promise<string | undefined> {
  const [, value] = (await node.config("GET", name)) as string[];
  return value;
}
