import { nowUs } from "../../base/clock.js";
import { environmentError } from "../../base/errors.js";
import { type ConcertKeys, concertSlot } from "../../queue/keys.js";
import { type Batch, SLOT_WIDTH } from "../../strategies/command.js";
import { isReplicas } from "../answered-failure.js";
import { CommandTally } from "../command-tally.js";
import type { DelayLine } from "../delay/delay-line.js";
import type { Driver, DriverCounters, DriverEvents, DriverOptions, Endpoint, Failure } from "../driver.js";
import type { Scout } from "../scout.js";
import { WireConnection } from "./connection.js";
import { BufferStore } from "./output.js";
import { compileTemplate, type Template, writeDigits } from "./template.js";
import { Topology } from "./topology.js";

/**
 * The lean driver: commands are patched copies of templates, replies are parsed in place, and with coalesced writes all
 * that a received chunk gave rise to leaves in one write a connection. It answers by callbacks and reads the clock once
 * a chunk.
 */
export class WireDriver implements Driver {
  readonly #options: DriverOptions;
  readonly #events: DriverEvents;
  readonly #delay: DelayLine | null;
  readonly #connections: WireConnection[] = [];
  readonly #concerts: ConcertKeys[] = [];
  /** Of each concert, in a cluster. */
  readonly #slots: number[] = [];
  /** Null where there is one server. */
  readonly #topology: Topology | null;
  /** Null where the primary was not found by Sentinels. */
  #scout: Scout | null = null;
  /** [concert][batch id] */
  readonly #templates: (Template | undefined)[][] = [];
  readonly #totals = { socketWrites: 0, bytesSent: 0, bytesReceived: 0 };
  readonly #tally = new CommandTally();
  readonly #isCoalesced: boolean;
  readonly #dirty: WireConnection[] = [];
  #isFlushPlanned = false;
  #isOpen = false;
  #isClosing = false;
  #nextReplica = 0;
  #reconnects = 0;
  #scriptReloads = 0;

  constructor(options: DriverOptions, events: DriverEvents, delay: DelayLine | null = null) {
    this.#options = options;
    this.#events = events;
    this.#delay = delay;
    this.#isCoalesced = options.writes === "coalesced";
    this.#topology =
      options.slots === undefined
        ? null
        : new Topology({
            endpoints: options.endpoints,
            slots: options.slots,
            readsReplicas: options.readsReplicas === true,
            connectionTo: (node) => this.#upConnection(node),
            onAsked: () => this.#tally.countOwn("cluster", 1),
            onRoutes: (now) => this.#events.onRoutes?.(now),
          });
  }

  async open(): Promise<void> {
    const store = new BufferStore(64 * 1024);
    const isForReading = this.#options.readsReplicas === true && this.#topology !== null;
    let missing = this.#options.endpoints.length * this.#options.pool;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#notOpened(lastReason, missing)), this.#options.connectTimeoutMs);
      let lastReason = "no answer";
      const refuse = (failure: Failure): void => {
        lastReason = failure.message;
        // A server that is loading its data set will answer soon; any other refusal is final.
        if (!this.#isOpen && failure.kind !== "LOADING") {
          clearTimeout(timer);
          reject(this.#notOpened(failure.message, missing));
        }
      };
      for (let number = 0; number < this.#options.endpoints.length * this.#options.pool; number++) {
        const endpoint = this.#options.endpoints[Math.floor(number / this.#options.pool)]!;
        const { proxies } = this.#options;
        const connection: WireConnection = new WireConnection(
          endpoint,
          proxies,
          isForReading,
          this.#delay,
          store,
          this.#totals,
          {
            onReplies: (token, replies, now) => this.#events.onReplies(token, replies, now),
            onFailure: (token, failure, now) => {
              if (this.#scout !== null && failure.answered && isReplicas(failure.message)) {
                connection.giveUp("it is a replica now");
              }
              this.#events.onFailure(token, failure, now);
            },
            onUp: (now) => {
              if (this.#isOpen) {
                this.#reconnects++;
                this.#topology?.connected();
                this.#events.onConnection(number, true, now);
                this.#planFlush();
              } else if (--missing === 0) {
                this.#isOpen = true;
                clearTimeout(timer);
                resolve();
              }
            },
            onDown: (reason, now) => {
              lastReason = reason;
              if (!this.#isOpen || this.#isClosing) return;
              this.#topology?.doubt();
              this.#scout?.doubt();
              this.#events.onConnection(number, false, now);
            },
            onRefused: refuse,
            onChunkEnd: (now) => this.#events.onChunkEnd(now),
          },
        );
        this.#connections.push(connection);
        connection.open();
      }
    }).catch(async (error: unknown) => {
      await this.close();
      throw error;
    });
    await this.#watchPrimary();
  }

  async #watchPrimary(): Promise<void> {
    const [endpoint] = this.#options.endpoints as [Endpoint];
    if (endpoint.sentinels === undefined) return;
    // Loaded only here: it brings a client library, which measuring does without.
    const { Scout } = await import("../scout.js");
    this.#scout = new Scout(endpoint, endpoint.sentinels, (primary) => {
      this.#events.onPrimary?.(nowUs());
      for (const connection of this.#connections) connection.move(primary);
    });
  }

  #notOpened(reason: string, missing: number): Error {
    const [{ host, port }, ...others] = this.#options.endpoints as [Endpoint, ...Endpoint[]];
    const where = others.length === 0 ? `${host}:${port}` : `the ${others.length + 1} nodes of the cluster`;
    return environmentError(
      `${missing} of ${this.#connections.length} connections to ${where} could not be opened: ${reason}`,
      "check that the server runs, its maxclients, the password and the open-file limit (ulimit -n)",
    );
  }

  addConcert(keys: ConcertKeys): number {
    this.#templates.push([]);
    if (this.#topology !== null) this.#slots.push(concertSlot(keys));
    return this.#concerts.push(keys) - 1;
  }

  forgetConcerts(): void {
    this.#concerts.length = 0;
    this.#slots.length = 0;
    this.#templates.length = 0;
  }

  routeOf(concert: number): number {
    return this.#topology === null ? 0 : this.#topology.nodeOf(this.#slots[concert]!);
  }

  replicaRouteOf(concert: number): number {
    const replicas = this.#topology?.replicasOf(this.#slots[concert]!) ?? [];
    for (let i = 0; i < replicas.length; i++) {
      const node = replicas[this.#nextReplica++ % replicas.length]!;
      if (this.#upConnection(node) !== undefined) return node;
    }
    return this.routeOf(concert);
  }

  learn(failure: Failure): void {
    this.#topology?.learn(failure);
  }

  askedRoute(failure: Failure): number {
    return this.#topology?.askedNode(failure) ?? -1;
  }

  #upConnection(node: number): WireConnection | undefined {
    const { pool } = this.#options;
    for (let number = node * pool; number < (node + 1) * pool; number++) {
      if (this.#connections[number]!.isUp) return this.#connections[number];
    }
    return undefined;
  }

  isUp(connection: number): boolean {
    return this.#connections[connection]!.isUp;
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
    const to = this.#connections[connection]!;
    const template = this.#templates[concert]![batch.id] ?? this.#compile(concert, batch);
    const at = to.output.length;
    const bytes = to.output.reserve(template.bytes.length);
    bytes.set(template.bytes, at);
    patch(bytes, at, template.userAt, SLOT_WIDTH.user, user);
    patch(bytes, at, template.timestampAt, SLOT_WIDTH.timestamp, timestampMs);
    patch(bytes, at, template.carriedAt, SLOT_WIDTH.carried, carried);
    to.expect(token, batch.commands.length, batch.waits);
    this.#tally.count(batch);
    if (!this.#isCoalesced) {
      to.flush();
      return;
    }
    if (at === 0) this.#dirty.push(to);
    this.#planFlush();
  }

  reloadScripts(connection: number): void {
    const to = this.#connections[connection]!;
    if (!to.loadScripts(this.#options.scripts.map((script) => script.source))) return;
    this.#scriptReloads++;
    this.#tally.countOwn("script", this.#options.scripts.length);
    this.#dirty.push(to);
    this.#planFlush();
  }

  reset(connection: number): void {
    this.#connections[connection]!.reset();
  }

  counters(): DriverCounters {
    return {
      commands: this.#tally.byName(),
      ...this.#totals,
      reconnects: this.#reconnects,
      scriptReloads: this.#scriptReloads,
    };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#topology?.close();
    this.#scout?.close();
    for (const connection of this.#connections) connection.close();
  }

  #compile(concert: number, batch: Batch): Template {
    const template = compileTemplate(batch, this.#concerts[concert]!);
    this.#templates[concert]![batch.id] = template;
    return template;
  }

  /** At the end of the tick, which is the end of a received chunk: later would leave Redis idle meanwhile. */
  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    process.nextTick(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (const connection of this.#dirty) connection.flush();
    this.#dirty.length = 0;
  }
}

function patch(bytes: Uint8Array, at: number, places: Int32Array, width: number, value: number): void {
  for (let i = 0; i < places.length; i++) writeDigits(bytes, at + places[i]!, width, value);
}
