import { createHash } from "node:crypto";

/**
 * The data of the fake server, and as many commands as a run of the strategy `lua` sends, its set-up, audit and
 * clearing away included. Pure but for its state; what it answers is what Redis would.
 */

/** A reply to be encoded; an Error is an error reply. */
export type FakeReply = string | number | null | Error | { readonly status: string } | readonly FakeReply[];

const OK: FakeReply = { status: "OK" };
const VERSION = "7.0.0";

export class FakeData {
  /** Waiting sets: users in the order in which they came, which is the order of their scores. */
  readonly #queues = new Map<string, { readonly order: string[]; readonly rankOf: Map<string, number> }>();
  readonly #calls = new Map<string, number>();
  readonly #runId = createHash("sha1").update(`${process.pid} ${Date.now()}`).digest("hex");

  /** Whether this is what an entry sends: the rest is set-up and audit, and never delayed. */
  static isEntry(words: readonly string[]): boolean {
    return words[0]?.toUpperCase() === "EVALSHA";
  }

  answer(words: readonly string[]): FakeReply {
    const [name = "", ...args] = words;
    const command = name.toUpperCase();
    const counted = ["CLIENT", "CONFIG", "SCRIPT"].includes(command) ? `${name}|${args[0]}` : name;
    this.#calls.set(counted.toLowerCase(), (this.#calls.get(counted.toLowerCase()) ?? 0) + 1);
    switch (command) {
      case "PING":
        return { status: "PONG" };
      case "CLIENT":
        return args[0]?.toUpperCase() === "ID" ? 1 : OK;
      case "AUTH":
      case "SELECT":
        return OK;
      case "CONFIG":
        return [];
      case "INFO":
        return this.#info();
      case "DBSIZE":
        return this.#queues.size;
      case "SCAN":
        return ["0", [...this.#queues.keys()]];
      case "SCRIPT":
        return createHash("sha1")
          .update(args[1] ?? "")
          .digest("hex");
      case "EVALSHA":
        return this.#enter(args[3] ?? "", args[5] ?? "");
      case "ZRANGE":
        return this.#queue(args[0]).order.slice(Number(args[1]), Number(args[2]) + 1);
      case "EXISTS":
        return 0;
      case "UNLINK":
        return args.filter((key) => this.#queues.delete(key)).length;
      default:
        return new Error(`ERR unknown command '${name}'`);
    }
  }

  /** What enter_queue.lua does where nobody is active. */
  #enter(key: string, user: string): FakeReply {
    const { order, rankOf } = this.#queue(key);
    const rank = rankOf.get(user);
    if (rank !== undefined) return ["WAITING", rank + 1, order.length, 0];
    rankOf.set(user, order.length);
    order.push(user);
    return ["NEW", order.length, order.length, 0];
  }

  #queue(key = "") {
    const found = this.#queues.get(key) ?? { order: [], rankOf: new Map<string, number>() };
    // As in Redis, reading makes no key.
    if (key.startsWith("queue:wait:")) this.#queues.set(key, found);
    return found;
  }

  #info(): string {
    const lines = [
      "# Server",
      `redis_version:${VERSION}`,
      "redis_mode:standalone",
      `run_id:${this.#runId}`,
      `server_time_usec:${Date.now() * 1000}`,
      "role:master",
      "lazyfree_pending_objects:0",
      "# Commandstats",
      ...[...this.#calls].map(([name, calls]) => `cmdstat_${name}:calls=${calls},usec=${calls},usec_per_call=1.00`),
    ];
    return `${lines.join("\r\n")}\r\n`;
  }
}

/** RESP2. */
export function encode(reply: FakeReply): string {
  if (reply === null) return "$-1\r\n";
  if (typeof reply === "number") return `:${reply}\r\n`;
  if (typeof reply === "string") return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if (reply instanceof Error) return `-${reply.message}\r\n`;
  if ("status" in reply) return `+${reply.status}\r\n`;
  return `*${reply.length}\r\n${reply.map(encode).join("")}`;
}
