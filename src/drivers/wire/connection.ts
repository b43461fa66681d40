import { nowUs } from "../../base/clock.js";
import type { Reply } from "../../strategies/strategy.js";
import { answeredFailure } from "../answered-failure.js";
import type { DelayLine } from "../delay/delay-line.js";
import type { Endpoint, Failure } from "../driver.js";
import { type Proxies, wayTo } from "../proxies.js";
import { type Link, type LinkEvents, openLink } from "./link.js";
import { type BufferStore, Output } from "./output.js";
import { ErrorReply, findError, type WireReply } from "./reply.js";
import { ProtocolError, type ReplySink, RespParser } from "./resp-parser.js";
import { TicketQueue } from "./ticket-queue.js";

/**
 * One connection of the wire driver: encoder's output, batches in flight, parser. It opens itself again after a loss,
 * with growing pauses, until it is closed.
 *
 *   opening ──(greeting answered)──► up ──(lost)──► waiting ──(pause)──► opening
 */
export interface ConnectionEvents {
  onReplies(token: number, replies: readonly Reply[], nowUs: number): void;
  onFailure(token: number, failure: Failure, nowUs: number): void;
  onUp(nowUs: number): void;
  onDown(reason: string, nowUs: number): void;
  /** The server refused the greeting (wrong password, unknown database, …). */
  onRefused(failure: Failure): void;
  onChunkEnd(nowUs: number): void;
}

export interface ConnectionTotals {
  socketWrites: number;
  bytesSent: number;
  bytesReceived: number;
}

/** Replies to this token are the connection's own business. */
const OWN = -1;
/** Replies to this one are handed to whoever asked. */
const ASKED = -2;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export class WireConnection implements ReplySink {
  #endpoint: Endpoint;
  readonly #proxies: Proxies | undefined;
  /** Whether the node is asked even while it is a replica. */
  readonly #isForReading: boolean;
  readonly #delay: DelayLine | null;
  readonly #events: ConnectionEvents;
  readonly #totals: ConnectionTotals;
  readonly #inFlight = new TicketQueue();
  /** Replies of the batch that is coming in; one array for each size of a batch, since emptying one means making another. */
  readonly #repliesOf: WireReply[][] = [];
  #received = 0;
  readonly output: Output;
  #parser: RespParser;
  #link: Link | null = null;
  #hasError = false;
  #isUp = false;
  #isClosed = false;
  #greetings = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #nowUs = 0;
  /** True while a SCRIPT LOAD is on its way: one is enough for all that failed before it. */
  #isLoadingScripts = false;
  /** Who asked what is on its way, oldest first. */
  readonly #askers: ((reply: WireReply) => void)[] = [];

  constructor(
    endpoint: Endpoint,
    proxies: Proxies | undefined,
    isForReading: boolean,
    delay: DelayLine | null,
    store: BufferStore,
    totals: ConnectionTotals,
    events: ConnectionEvents,
  ) {
    this.#endpoint = endpoint;
    this.#proxies = proxies;
    this.#isForReading = isForReading;
    this.#delay = delay;
    this.#events = events;
    this.#totals = totals;
    this.output = new Output(store);
    this.#parser = new RespParser(this);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  open(): void {
    this.#parser = new RespParser(this);
    // A link that was given up may still report: only the newest one counts.
    const events: LinkEvents = {
      onUp: () => this.#link === link && this.#greet(),
      onData: (bytes, length) => this.#link === link && this.#receive(bytes, length),
      onDown: (reason) => this.#link === link && this.#lose(reason),
    };
    const link: Link = openLink(this.#endpoint, wayTo(this.#endpoint, this.#proxies), events, this.#delay);
    this.#link = link;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#lose("closed");
  }

  /** Gives the connection up and opens another at once. */
  reset(): void {
    this.#pauseMs = 0;
    this.#lose("reset after a timeout");
  }

  /** Gives the connection up and opens another in a while, for what is at its other end serves no longer. */
  giveUp(reason: string): void {
    this.#lose(reason);
  }

  /** Goes to another server, at once. */
  move(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
    this.#pauseMs = 0;
    if (this.#link === null) this.#openLater();
    else this.#lose("another server took its place");
  }

  /** Registers a batch whose bytes were just put into `output`. `waits`: the last of the replies is to WAIT. */
  expect(token: number, replies: number, waits: boolean): void {
    this.#inFlight.push(token, replies, waits);
  }

  /** @returns false if a load is on its way already. */
  loadScripts(sources: readonly string[]): boolean {
    if (this.#isLoadingScripts) return false;
    this.#isLoadingScripts = true;
    for (const source of sources) this.#sendOwn(["SCRIPT", "LOAD", source]);
    return true;
  }

  /** Sends a command of the driver's own and hands over its reply; if the connection is lost there is none. */
  ask(words: readonly string[], onReply: (reply: WireReply) => void): void {
    this.#askers.push(onReply);
    this.#sendOwn(words, ASKED);
    this.flush();
  }

  flush(): void {
    if (this.output.length === 0 || this.#link === null) return;
    const { bytes, free } = this.output.take();
    this.#totals.socketWrites++;
    this.#totals.bytesSent += bytes.length;
    this.#link.write(bytes, free);
  }

  onReply(reply: WireReply): void {
    if (this.#inFlight.size === 0) throw new ProtocolError("a reply that nothing was sent for");
    if (typeof reply === "object" && reply !== null && !this.#hasError) this.#hasError = findError(reply) !== undefined;
    const { due, waits } = this.#inFlight;
    const replies = this.#repliesOf[due] ?? this.#makeReplies(due);
    replies[this.#received++] = reply;
    if (this.#received < due) return;
    const hasError = this.#hasError;
    this.#received = 0;
    this.#hasError = false;
    const token = this.#inFlight.shift();
    if (token === OWN) this.#ownReply(reply);
    else if (token === ASKED) this.#askers.shift()?.(reply);
    else if (hasError) this.#events.onFailure(token, failureIn(replies, waits), this.#nowUs);
    // Without an ErrorReply in it a WireReply is a Reply.
    else this.#events.onReplies(token, replies as readonly Reply[], this.#nowUs);
  }

  #makeReplies(size: number): WireReply[] {
    while (this.#repliesOf.length <= size) this.#repliesOf.push(new Array(this.#repliesOf.length));
    return this.#repliesOf[size] as WireReply[];
  }

  #receive(bytes: Buffer, length: number): void {
    this.#nowUs = nowUs();
    this.#totals.bytesReceived += length;
    try {
      this.#parser.feed(bytes, length);
    } catch (error) {
      // Given up meanwhile: what else the chunk held does not matter.
      if (this.#link === null) return;
      if (!(error instanceof ProtocolError)) throw error;
      this.#lose(error.message, "protocol");
    }
    this.#events.onChunkEnd(this.#nowUs);
  }

  #greet(): void {
    const { username, password, db, clientName } = this.#endpoint;
    this.#greetings = 0;
    if (password !== undefined) {
      this.#greetings++;
      this.#sendOwn(username === undefined ? ["AUTH", password] : ["AUTH", username, password]);
    }
    if (db !== 0) {
      this.#greetings++;
      this.#sendOwn(["SELECT", String(db)]);
    }
    if (this.#isForReading) {
      this.#greetings++;
      this.#sendOwn(["READONLY"]);
    }
    if (clientName !== undefined) {
      this.#greetings++;
      this.#sendOwn(["CLIENT", "SETNAME", clientName]);
    }
    // Always one command: a server that is still loading, or wants a password, says so before an entry meets it.
    this.#greetings++;
    this.#sendOwn(["PING"]);
    this.flush();
  }

  #ownReply(reply: WireReply): void {
    if (this.#greetings === 0) {
      this.#isLoadingScripts = false;
      return;
    }
    this.#greetings--;
    // The last but one, where there is a name. A user who may not have one is as well off without.
    const isName = this.#endpoint.clientName !== undefined && this.#greetings === 1;
    if (reply instanceof ErrorReply && !isName) {
      this.#events.onRefused(answeredFailure(reply.message));
      this.#lose(reply.message);
    } else if (this.#greetings === 0) {
      this.#isUp = true;
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#events.onUp(this.#nowUs);
    }
  }

  #sendOwn(words: readonly string[], token = OWN): void {
    let text = `*${words.length}\r\n`;
    for (const word of words) text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
    const at = this.output.length;
    const length = Buffer.byteLength(text);
    this.output.reserve(length).write(text, at, "utf8");
    this.expect(token, 1, false);
  }

  #lose(reason: string, kind = "connection"): void {
    const link = this.#link;
    if (link === null) return;
    this.#link = null;
    link.destroy();
    this.#isUp = false;
    this.#isLoadingScripts = false;
    this.#greetings = 0;
    this.output.clear();
    this.#askers.length = 0;
    this.#received = 0;
    this.#hasError = false;
    const now = nowUs();
    this.#events.onDown(reason, now);
    // Counted first: a failed entry may start the user's next one, which must not be failed with the old ones.
    for (let lost = this.#inFlight.size; lost > 0; lost--) {
      const token = this.#inFlight.shift();
      if (token >= 0) {
        this.#events.onFailure(token, { kind, message: reason, answered: false, changedNothing: false }, now);
      }
    }
    this.#openLater();
  }

  #openLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.open();
    }, this.#pauseMs);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * Math.max(this.#pauseMs, FIRST_PAUSE_MS / 2));
  }
}

/** `waits`: the last reply is to WAIT, which a node answers also where it has refused all that comes before. */
const failureIn = (replies: readonly WireReply[], waits: boolean): Failure =>
  answeredFailure(
    (findError(replies) as ErrorReply).message,
    (waits ? replies.slice(0, -1) : replies).every(isNoEffect),
  );

/** ASKING and MULTI are answered OK, what MULTI collects QUEUED: if the rest are errors, nothing was carried out. */
const isNoEffect = (reply: WireReply): boolean => reply instanceof ErrorReply || reply === "OK" || reply === "QUEUED";
