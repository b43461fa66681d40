import type { Socket } from "node:net";
import { Command, Redis } from "ioredis";
import { nowUs } from "../../base/clock.js";
import { environmentError } from "../../base/errors.js";
import type { ConcertKeys } from "../../queue/keys.js";
import { type Batch, type Piece, type Slot, slotText, wordsOf } from "../../strategies/command.js";
import type { Reply } from "../../strategies/strategy.js";
import { answeredFailure } from "../answered-failure.js";
import { CommandTally } from "../command-tally.js";
import type { DelayLine } from "../delay/delay-line.js";
import { delayReads } from "../delay/delayed-reads.js";
import type { Driver, DriverCounters, DriverEvents, DriverOptions, Endpoint, Failure } from "../driver.js";
import { JoinedWrites } from "./joined-writes.js";

type NetStream = Redis["stream"];

/**
 * What an application on ioredis gets: a batch of one command is a `Command` sent, a larger one a pipeline. With
 * per-request writes ioredis is left as it is; with coalesced writes what it writes to a socket in one tick is joined in
 * one string and written at the tick's end (joined-writes.ts), which changes when bytes leave, never their order.
 *
 * Around ioredis as little as possible: the words of a command are made once a concert, and the clock is read once for
 * the replies of a chunk.
 */
export class IoredisDriver implements Driver {
  readonly #options: DriverOptions;
  readonly #events: DriverEvents;
  readonly #delay: DelayLine | null;
  readonly #connections: Redis[] = [];
  /** Sockets that hold back what is written, until the tick ends. */
  readonly #corked: JoinedWrites[] = [];
  readonly #joined = new WeakMap<NetStream, JoinedWrites>();
  readonly #concerts: ConcertKeys[] = [];
  /** [concert][batch id] */
  readonly #forms: (CommandForm[] | undefined)[][] = [];
  readonly #tally = new CommandTally();
  /** Bytes of sockets that are gone. */
  readonly #past = { sent: 0, received: 0 };
  #socketWrites = 0;
  /** What the slots were last filled with, as number and as text: in one millisecond many entries share a timestamp. */
  readonly #values: Record<Slot, number> = { user: -1, timestamp: -1, carried: -1 };
  readonly #texts: Record<Slot, string> = { user: "", timestamp: "", carried: "" };
  /** When the replies at hand came; null between two chunks. */
  #chunkUs: number | null = null;
  #reconnects = 0;
  #scriptReloads = 0;
  #isClosing = false;

  constructor(options: DriverOptions, events: DriverEvents, delay: DelayLine | null = null) {
    this.#options = options;
    this.#events = events;
    this.#delay = delay;
  }

  async open(): Promise<void> {
    for (const endpoint of this.#options.endpoints) {
      for (let i = 0; i < this.#options.pool; i++) this.#connections.push(this.#connection(endpoint));
    }
    try {
      await Promise.all(this.#connections.map((redis) => redis.connect()));
      await Promise.all(this.#connections.map((redis) => redis.ping()));
    } catch (error) {
      await this.close();
      const { host, port } = this.#options.endpoints[0]!;
      throw environmentError(
        `the connections to ${host}:${port} could not be opened: ${(error as Error).message}`,
        "check that the server runs, its maxclients, the password and the open-file limit (ulimit -n)",
      );
    }
    this.#connections.forEach((redis, number) => {
      redis.on("ready", () => {
        this.#reconnects++;
        this.#events.onConnection(number, true, nowUs());
      });
      redis.on("close", () => !this.#isClosing && this.#events.onConnection(number, false, nowUs()));
    });
  }

  #connection(endpoint: Endpoint): Redis {
    const redis = new Redis({
      host: endpoint.host,
      port: endpoint.port,
      db: endpoint.db,
      ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
      ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
      ...(endpoint.clientName === undefined ? {} : { connectionName: endpoint.clientName }),
      ...(endpoint.tls ? { tls: { servername: endpoint.host } } : {}),
      protocol: 2,
      lazyConnect: true,
      connectTimeout: this.#options.connectTimeoutMs,
      // An entry that lost its connection is in doubt: sending it again in silence would hide that.
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      // Otherwise a socket that is closed already holds the process up for two seconds.
      disconnectTimeout: 50,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => (this.#isClosing ? null : Math.min(20 * 2 ** attempt, 500)),
    });
    const delay = this.#delay;
    // Of each new socket, before the first reply can be there.
    if (delay !== null) redis.on("connect", () => delayReads(redis.stream as Socket, delay));
    // Without a listener ioredis prints errors; they arrive with each failed command anyway.
    redis.on("error", () => {});
    return redis;
  }

  addConcert(keys: ConcertKeys): number {
    this.#forms.push([]);
    return this.#concerts.push(keys) - 1;
  }

  forgetConcerts(): void {
    this.#concerts.length = 0;
    this.#forms.length = 0;
  }

  routeOf(_concert: number): number {
    return 0;
  }

  isUp(connection: number): boolean {
    const { status, stream } = this.#connections[connection]!;
    // Between a socket's end and its close ioredis still calls itself ready and refuses every command at once: users who
    // try again at once would never let the event loop come to the close.
    return status === "ready" && stream.writable;
  }

  send(
    connection: number,
    batch: Batch,
    concert: number,
    user: number,
    timestampMs: number,
    carried: number,
    token: number,
  ): void {
    const redis = this.#connections[connection]!;
    const forms = this.#forms[concert]![batch.id] ?? this.#compile(concert, batch);
    this.#setSlot("user", user);
    this.#setSlot("timestamp", timestampMs);
    this.#setSlot("carried", carried);
    this.#tally.count(batch);
    if (this.#options.writes === "coalesced") this.#cork(redis);
    else this.#socketWrites++;
    if (forms.length === 1) {
      const form = forms[0]!;
      const done = (error: Error | null | undefined, reply: unknown): void => {
        if (error) this.#fail(token, error);
        else this.#events.onReplies(token, [asReply(reply)], this.#now());
      };
      redis.sendCommand(new Command(form.name, fill(form, this.#texts), AS_TEXT, done));
      return;
    }
    const pipeline = redis.pipeline();
    for (const form of forms) pipeline.call(form.name, ...fill(form, this.#texts));
    pipeline.exec((error, results) => {
      const failed = error ?? results?.find(([commandError]) => commandError)?.[0];
      if (failed) this.#fail(token, failed);
      else this.#events.onReplies(token, results?.map(([, reply]) => asReply(reply)) ?? [], this.#now());
    });
  }

  #setSlot(slot: Slot, value: number): void {
    if (this.#values[slot] === value) return;
    this.#values[slot] = value;
    this.#texts[slot] = slotText(slot, value);
  }

  #fail(token: number, error: Error): void {
    this.#events.onFailure(token, failureOf(error), this.#now());
  }

  /**
   * Read once for all callbacks of a chunk: ioredis settles a promise for each reply, so their callbacks are microtasks
   * in a row, and one queued by the first of them comes after the last.
   */
  #now(): number {
    if (this.#chunkUs === null) {
      this.#chunkUs = nowUs();
      queueMicrotask(this.#endChunk);
    }
    return this.#chunkUs;
  }

  readonly #endChunk = (): void => {
    const now = this.#chunkUs!;
    this.#chunkUs = null;
    this.#events.onChunkEnd(now);
  };

  /** What is written on this connection from now on leaves at the end of the tick. */
  #cork(redis: Redis): void {
    const { stream } = redis;
    // Between two sockets ioredis refuses the command by itself.
    if (!stream) return;
    let joined = this.#joined.get(stream);
    if (joined === undefined) {
      joined = new JoinedWrites(stream);
      this.#joined.set(stream, joined);
    }
    if (!joined.begin()) return;
    if (this.#corked.length === 0) process.nextTick(this.#uncork);
    this.#corked.push(joined);
  }

  readonly #uncork = (): void => {
    for (const one of this.#corked) one.end();
    this.#socketWrites += this.#corked.length;
    this.#corked.length = 0;
  };

  reloadScripts(connection: number): void {
    const redis = this.#connections[connection]!;
    this.#scriptReloads++;
    this.#tally.countOwn("script", this.#options.scripts.length);
    // Ordered before whatever is sent next; its own failure shows as another NOSCRIPT.
    for (const script of this.#options.scripts) redis.script("LOAD", script.source).catch(() => {});
  }

  reset(connection: number): void {
    this.#connections[connection]!.disconnect(true);
  }

  counters(): DriverCounters {
    let bytesSent = this.#past.sent;
    let bytesReceived = this.#past.received;
    for (const { stream } of this.#connections) {
      if (stream && "bytesWritten" in stream) {
        bytesSent += stream.bytesWritten;
        bytesReceived += stream.bytesRead;
      }
    }
    return {
      commands: this.#tally.byName(),
      socketWrites: this.#socketWrites,
      bytesSent,
      bytesReceived,
      reconnects: this.#reconnects,
      scriptReloads: this.#scriptReloads,
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const redis of this.#connections) redis.disconnect();
  }

  #compile(concert: number, batch: Batch): CommandForm[] {
    const keys = this.#concerts[concert]!;
    const forms = batch.commands.map((command) => formOf(wordsOf(command, keys), batch.commands.length === 1));
    this.#forms[concert]![batch.id] = forms;
    return forms;
  }
}

const AS_TEXT = { replyEncoding: "utf8" } as const;

/** A command whose arguments wait for an entry: `fixed` has them all, empty where `open` says what comes in. */
interface CommandForm {
  readonly name: string;
  readonly fixed: readonly string[];
  readonly open: readonly { readonly at: number; readonly pieces: readonly Piece[] }[];
}

/** Alone, a command has the lower-case name that ioredis' own methods give it; in a pipeline ioredis looks for MULTI. */
function formOf([first, ...args]: readonly Piece[][], isAlone: boolean): CommandForm {
  const name = first!.join("");
  const isText = (pieces: readonly Piece[]): boolean => pieces.every((piece) => typeof piece === "string");
  return {
    name: isAlone ? name.toLowerCase() : name,
    fixed: args.map((pieces) => (isText(pieces) ? pieces.join("") : "")),
    open: args.flatMap((pieces, at) => (isText(pieces) ? [] : [{ at, pieces }])),
  };
}

function fill({ fixed, open }: CommandForm, texts: Readonly<Record<Slot, string>>): string[] {
  const args = fixed.slice();
  for (const { at, pieces } of open) {
    let text = "";
    for (const piece of pieces) text += typeof piece === "string" ? piece : texts[piece.slot];
    args[at] = text;
  }
  return args;
}

/** ioredis gives HGETALL as an object; strategies read what Redis sent. */
function asReply(reply: unknown): Reply {
  const isObject = typeof reply === "object" && reply !== null && !Array.isArray(reply);
  return (isObject ? Object.entries(reply).flat() : reply) as Reply;
}

function failureOf(error: Error): Failure {
  const nested = (error as { previousErrors?: Error[] }).previousErrors?.[0];
  const message = nested?.message ?? error.message;
  if (error.name === "ReplyError") return answeredFailure(message);
  return { kind: "connection", message, answered: false };
}
