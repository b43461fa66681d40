import { type ChainableCommander, type Cluster, Command, type Redis } from "ioredis";
import { nowUs } from "../../base/clock.js";
import { environmentError } from "../../base/errors.js";
import { type ConcertKeys, concertSlot } from "../../queue/keys.js";
import { type Batch, type Slot, slotText, wordsOf } from "../../strategies/command.js";
import { CommandTally } from "../command-tally.js";
import type { DelayLine } from "../delay/delay-line.js";
import type { Driver, DriverCounters, DriverEvents, DriverOptions, Endpoint } from "../driver.js";
import { Scout } from "../scout.js";
import { SlotMap } from "../slot-map.js";
import { connectCluster, makeClient, makeClusterClient } from "./clients.js";
import { AS_TEXT, asReply, type CommandForm, failureOf, fill, formOf } from "./command-form.js";
import { JoinedWrites } from "./joined-writes.js";
import { SocketBytes } from "./socket-bytes.js";
import { moveTo } from "./ways.js";

type NetStream = Redis["stream"];

/**
 * What an application on ioredis gets: a batch of one command is a `Command` sent, a larger one a pipeline. With
 * per-request writes ioredis is left as it is; with coalesced writes what it writes to a socket in one tick is joined in
 * one string and written at the tick's end (joined-writes.ts), which changes when bytes leave, never their order.
 *
 * Around ioredis as little as possible: the words of a command are made once a concert, and the clock is read once for
 * the replies of a chunk.
 *
 * In a cluster each connection of the pool is an ioredis `Cluster`, which has a connection to every node and follows
 * redirections by itself; its writes are not joined.
 */
export class IoredisDriver implements Driver {
  readonly #options: DriverOptions;
  readonly #events: DriverEvents;
  readonly #delay: DelayLine | null;
  /** One a connection; in a cluster one for all nodes' connections of a number. */
  readonly #clients: (Redis | Cluster)[] = [];
  /** Null where there is one server. What it says is where exclusive connections are counted, no more. */
  readonly #slots: SlotMap | null;
  readonly #slotOf: number[] = [];
  /** Sockets that hold back what is written, until the tick ends. */
  readonly #corked: JoinedWrites[] = [];
  readonly #joined = new WeakMap<NetStream, JoinedWrites>();
  readonly #concerts: ConcertKeys[] = [];
  /** [concert][batch id] */
  readonly #forms: (CommandForm[] | undefined)[][] = [];
  readonly #tally = new CommandTally();
  readonly #bytes = new SocketBytes();
  #socketWrites = 0;
  /** What the slots were last filled with, as number and as text: in one millisecond many entries share a timestamp. */
  readonly #values: Record<Slot, number> = { user: -1, timestamp: -1, carried: -1 };
  readonly #texts: Record<Slot, string> = { user: "", timestamp: "", carried: "" };
  /** When the replies at hand came; null between two chunks. */
  #chunkUs: number | null = null;
  #reconnects = 0;
  #scriptReloads = 0;
  #isClosing = false;
  /** Null where the primary was not found by Sentinels. */
  #scout: Scout | null = null;

  constructor(options: DriverOptions, events: DriverEvents, delay: DelayLine | null = null) {
    this.#options = options;
    this.#events = events;
    this.#delay = delay;
    this.#slots = options.slots === undefined ? null : new SlotMap(options.slots);
  }

  async open(): Promise<void> {
    const { endpoints, pool, connectTimeoutMs, proxies } = this.#options;
    const [delay, bytes] = [this.#delay, this.#bytes];
    const options = { connectTimeoutMs, delay, bytes, proxies, isClosing: () => this.#isClosing };
    for (const endpoint of this.#slots === null ? endpoints : endpoints.slice(0, 1)) {
      for (let i = 0; i < pool; i++) {
        this.#clients.push(
          this.#slots === null ? makeClient(endpoint, options) : makeClusterClient(endpoints, options),
        );
      }
    }
    try {
      await Promise.all(
        this.#clients.map((client) =>
          client.isCluster ? connectCluster(client as Cluster, connectTimeoutMs) : client.connect(),
        ),
      );
      // Of a cluster each: what is for a node that is being connected to is refused.
      await Promise.all(this.#clients.flatMap(nodesOf).map((node) => node.ping()));
    } catch (error) {
      await this.close();
      const { host, port } = endpoints[0]!;
      throw environmentError(
        `the connections to ${host}:${port} could not be opened: ${(error as Error).message}`,
        "check that the server runs, its maxclients, the password and the open-file limit (ulimit -n)",
      );
    }
    this.#clients.forEach((client, number) => {
      const tell = (isUp: boolean): void => {
        const now = nowUs();
        for (let route = 0; route < (this.#slots === null ? 1 : endpoints.length); route++) {
          this.#events.onConnection(route * pool + number, isUp, now);
        }
      };
      client.on("ready", () => {
        this.#reconnects++;
        tell(true);
      });
      client.on("close", () => {
        if (this.#isClosing) return;
        this.#scout?.doubt();
        tell(false);
      });
    });
    const [{ sentinels, ...primary }] = endpoints as [Endpoint];
    if (sentinels === undefined) return;
    this.#scout = new Scout(primary, sentinels, (successor) => {
      this.#events.onPrimary?.(nowUs());
      for (const client of this.#clients) moveTo(client as Redis, successor, proxies);
    });
  }

  #clientOf(connection: number): Redis | Cluster {
    return this.#clients[this.#slots === null ? connection : connection % this.#options.pool]!;
  }

  addConcert(keys: ConcertKeys): number {
    this.#forms.push([]);
    if (this.#slots !== null) this.#slotOf.push(concertSlot(keys));
    return this.#concerts.push(keys) - 1;
  }

  forgetConcerts(): void {
    this.#concerts.length = 0;
    this.#slotOf.length = 0;
    this.#forms.length = 0;
  }

  routeOf(concert: number): number {
    return this.#slots === null ? 0 : Math.max(0, this.#slots.nodeOf(this.#slotOf[concert]!));
  }

  replicaRouteOf(concert: number): number {
    return this.routeOf(concert);
  }

  /** ioredis has followed it already. */
  learn(): void {}

  askedRoute(): number {
    return -1;
  }

  isUp(connection: number): boolean {
    const client = this.#clientOf(connection);
    // Between a socket's end and its close ioredis still calls itself ready and refuses every command at once: users who
    // try again at once would never let the event loop come to the close.
    return client.status === "ready" && (client.isCluster || (client as Redis).stream.writable);
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
    const client = this.#clientOf(connection);
    const forms = this.#forms[concert]![batch.id] ?? this.#compile(concert, batch);
    this.#setSlot("user", user);
    this.#setSlot("timestamp", timestampMs);
    this.#setSlot("carried", carried);
    this.#tally.count(batch);
    if (this.#options.writes === "coalesced" && !client.isCluster) this.#cork(client as Redis);
    else this.#socketWrites++;
    if (forms.length === 1) {
      const form = forms[0]!;
      const done = (error: Error | null | undefined, reply: unknown): void => {
        if (error) this.#fail(token, error);
        else this.#events.onReplies(token, [asReply(reply)], this.#now());
      };
      client.sendCommand(new Command(form.name, fill(form, this.#texts), AS_TEXT, done));
      return;
    }
    const pipeline = client.pipeline();
    for (const form of forms) {
      if (form.name === "WAIT" && client.isCluster) overlooking(pipeline, fill(form, this.#texts));
      else pipeline.call(form.name, ...fill(form, this.#texts));
    }
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
    const failure = failureOf(error);
    const tell = (): void => this.#events.onFailure(token, failure, this.#now());
    // What is for a node that is gone the client of a cluster refuses at once: users who try again at once would never
    // let the event loop come to word of another node.
    if (this.#slots !== null && !failure.answered) setImmediate(tell);
    else tell();
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
    const client = this.#clientOf(connection);
    const nodes = client.isCluster ? (client as Cluster).nodes("master") : [client as Redis];
    this.#scriptReloads++;
    this.#tally.countOwn("script", nodes.length * this.#options.scripts.length);
    // Ordered before whatever is sent next; its own failure shows as another NOSCRIPT.
    for (const node of nodes) {
      for (const script of this.#options.scripts) node.script("LOAD", script.source).catch(() => {});
    }
  }

  reset(connection: number): void {
    this.#clientOf(connection).disconnect(true);
  }

  counters(): DriverCounters {
    return {
      commands: this.#tally.byName(),
      socketWrites: this.#socketWrites,
      ...this.#bytes.totals(),
      reconnects: this.#reconnects,
      scriptReloads: this.#scriptReloads,
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#scout?.close();
    for (const client of this.#clients) client.disconnect();
  }

  #compile(concert: number, batch: Batch): CommandForm[] {
    const keys = this.#concerts[concert]!;
    const forms = batch.commands.map((command) => formOf(wordsOf(command, keys), batch.commands.length === 1));
    this.#forms[concert]![batch.id] = forms;
    return forms;
  }
}

const nodesOf = (client: Redis | Cluster): Redis[] =>
  client.isCluster ? (client as Cluster).nodes("all") : [client as Redis];

/**
 * WAIT at the end of a pipeline. No node refuses it, and ioredis follows a redirection only where each command that was
 * carried out only reads, or is part of a transaction, of which EXEC tells what became.
 */
function overlooking(pipeline: ChainableCommander, args: string[]): void {
  const wait = new Command("wait", args, AS_TEXT);
  wait.inTransaction = true;
  (pipeline as unknown as Pick<Redis, "sendCommand">).sendCommand(wait);
}
