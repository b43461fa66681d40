import type { EventLoopUtilization } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { LineUp } from "../audit/clocks.js";
import { longestAwayMs } from "../base/away.js";
import { nowUs } from "../base/clock.js";
import { formatDuration } from "../base/units.js";
import type { AgentRun, Generators } from "../engine/generators.js";
import { Histogram } from "../measure/histogram.js";
import type { LiveSums } from "../worker/live-counters.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import { type Offset, spanning } from "./clock.js";
import type { FromAgent, Open, Status } from "./messages.js";
import { AgentLost, type Place } from "./place.js";
import type { AgentPool } from "./pool.js";
import { segmentsAt } from "./split.js";

type Ended = Extract<FromAgent, { type: "ended" }>;
type Live = NonNullable<Status["live"]>;

/** From the order to begin until the beginning: it must have reached every agent by then. */
const LEAD_MS = 60;
/** And so much more for each agent. */
const LEAD_FOR_EACH_MS = 0.5;
/** Of the control Redis: half of one from here, half of one to the agent, and one until it is removed and read there. */
const LEAD_ROUND_TRIPS = 2;
/** A trial that goes on for longer than it may, by so much, has hung. */
const GRACE_MS = 30_000;
/** As often as agents tell at most. */
const FOLLOW_EVERY_MS = 250;
/** An agent that was lost stops within this, once it has noticed, and its entries have timed out. */
const STOPPING_MS = 1000;

/** The instances of a run on the machines of its agents. */
export class RemoteInstances implements Generators {
  readonly #pool: AgentPool;
  readonly #orderNow: () => Promise<Open>;
  /** The last one. */
  #open: Open | undefined;
  /** Of each place. */
  readonly #instances: readonly (readonly number[])[];
  #known: ReadonlySet<Place> = new Set();
  /** By place: the end of its part of the trial. */
  readonly #ending: Promise<Ended>[] = [];
  #trial = 0;
  #timeoutMs = 0;
  #isAborted = false;
  #lostUnderLoad = false;
  #pacingCpuMs = 0;
  agents: readonly AgentRun[] = [];

  private constructor(pool: AgentPool, orderNow: () => Promise<Open>, instances: readonly (readonly number[])[]) {
    this.#pool = pool;
    this.#orderNow = orderNow;
    this.#instances = instances;
  }

  /**
   * `orderNow`: what agents are to open, as things are now; a server may be restarted or replaced in the course of a run.
   * @throws QbenchError if too few agents come, or one of them cannot open its connections
   */
  static async open(
    pool: AgentPool,
    orderNow: () => Promise<Open>,
    instances: readonly (readonly number[])[],
  ): Promise<RemoteInstances> {
    const remote = new RemoteInstances(pool, orderNow, instances);
    await remote.#fillPlaces();
    return remote;
  }

  /** Every place has an agent with open connections. */
  async #fillPlaces(): Promise<void> {
    for (;;) {
      const taken = await this.#pool.filled(this.#known);
      if (taken.length === 0) return;
      const order = await this.#orderNow();
      this.#open = order;
      const opened = await Promise.allSettled(taken.map((place) => this.#openAt(place, order)));
      this.#known = new Set(this.#pool.places.filter(({ lost }) => lost === undefined));
      for (const one of opened) {
        // What hinders one, such as a server that cannot be reached from there, would hinder its successor.
        if (one.status === "rejected" && !isReplaceable(one.reason)) throw one.reason;
      }
    }
  }

  #openAt(place: Place, order: Open): Promise<void> {
    const threads = { ...order.threads, instances: this.#instances[place.number]!.length };
    return this.#pool.ask(place, { ...order, threads }, "opened");
  }

  async run(
    segments: readonly Segment[],
    whenReady: () => Promise<void>,
    whenOpen: (lineUps: readonly LineUp[]) => void = () => {},
    whenEnded: (isServerLost: boolean, lineUps: readonly LineUp[]) => Promise<void> = async () => {},
  ): Promise<SegmentResult[]> {
    const trial = ++this.#trial;
    this.#isAborted = false;
    this.#timeoutMs = segments[0]!.timeoutMs;
    await this.#prepare(trial, segments);
    // What was said before they were prepared, they could not heed.
    if (this.#isAborted) this.abort();
    const offset = await this.#pool.offset();
    await whenReady();
    const places = this.#pool.places;
    this.#lostUnderLoad = true;
    for (const place of places) place.hasRun = true;
    const roundTripsUs = [2 * offset.uncertaintyUs, ...places.map(({ facts }) => facts?.controlRoundTripUs ?? 0)];
    const atUs = nowUs() + offset.offsetUs + leadUs(places.length, Math.max(...roundTripsUs));
    await Promise.all(places.map((place) => this.#pool.send(place, { type: "start", trial, atUs })));
    whenOpen([hereAt(atUs, offset)]);
    const ended = await this.#ended(segments[0]!);
    if (this.#pool.failure !== undefined) throw this.#pool.failure;
    const isServerLost = ended.some((one) => one?.serverLost === true);
    this.#pacingCpuMs += Math.max(0, ...ended.map((one) => one?.pacedMs ?? 0));
    await whenEnded(isServerLost, [hereAt(atUs, spanning([offset, await this.#pool.offset()]))]);
    const results = await this.#collect(trial, ended);
    this.agents = places.map((place) => this.#agentRun(place, ended[place.number]));
    if (places.some(({ lost }) => lost !== undefined)) await this.#awaitLost();
    this.#lostUnderLoad = false;
    return results;
  }

  /** Threads of all agents wait at their barriers. Those that were lost before are replaced. */
  async #prepare(trial: number, segments: readonly Segment[]): Promise<void> {
    const prepared = new Set<Place>();
    for (;;) {
      await this.#fillPlaces();
      const places = this.#pool.places.filter((place) => !prepared.has(place));
      if (places.length === 0) return;
      const asked = places.map(async (place) => {
        const own = segmentsAt(segments, this.#instances[place.number]!);
        // One that is aborted ends as soon as it is prepared.
        this.#ending[place.number] = place.next("ended");
        const tellsGenerations = segments[0]!.currentGenerations !== undefined;
        await this.#pool.ask(place, { type: "prepare", trial, segments: own, tellsGenerations }, "prepared");
        prepared.add(place);
      });
      for (const one of await Promise.allSettled(asked)) {
        if (one.status === "rejected" && !isReplaceable(one.reason)) throw one.reason;
      }
    }
  }

  /** By place, as they come; once one is lost, the others need not go on. */
  async #ended({ durationMs, entries, timeoutMs, currentGenerations }: Segment): Promise<(Ended | undefined)[]> {
    const atMostMs = entries === null ? durationMs + longestAwayMs(timeoutMs) + GRACE_MS : undefined;
    const hung = () => {
      for (const place of this.#pool.places) {
        if (!done.has(place.number)) place.lose(`its load did not end within ${formatDuration(atMostMs!)}`);
      }
    };
    const done = new Set<number>();
    const timer = atMostMs === undefined ? undefined : setTimeout(hung, atMostMs);
    const follower = setInterval(() => this.#follow(currentGenerations), FOLLOW_EVERY_MS);
    try {
      return await Promise.all(
        this.#ending.map(async (one, number) => {
          try {
            const message = await one;
            done.add(number);
            return message;
          } catch {
            this.abort();
            return undefined;
          }
        }),
      );
    } finally {
      clearTimeout(timer);
      clearInterval(follower);
    }
  }

  /** Whoever admits users goes where any agent's entries have gone on to. */
  #follow(generations: Segment["currentGenerations"]): void {
    if (generations === undefined) return;
    for (const live of this.#told) {
      for (const [concert, generation] of live.generations.slice(0, generations.length).entries()) {
        if (generations[concert]! < generation) Atomics.store(generations, concert, generation);
      }
    }
  }

  async #collect(trial: number, ended: readonly (Ended | undefined)[]): Promise<SegmentResult[]> {
    const results: SegmentResult[] = [];
    for (const place of this.#pool.places) {
      if (ended[place.number] === undefined) continue;
      const instances = this.#instances[place.number]!;
      const found = await this.#pool.results(place, trial, instances).catch((error: unknown) => {
        if (this.#pool.failure !== undefined) throw error;
        return [];
      });
      results.push(...found);
    }
    return results;
  }

  #agentRun(place: Place, ended: Ended | undefined): AgentRun {
    const { name, lost, number } = place;
    const isLost = lost !== undefined;
    return {
      agent: name,
      instances: this.#instances[number]!,
      lost: isLost ? lost.why : null,
      machine: ended?.machine ?? null,
      clocks: isLost ? [] : (ended?.clocks ?? []),
    };
  }

  get pacingCpuMs(): number | null {
    const { ratePerSec, rtt } = this.#open!.threads;
    return ratePerSec === null && (rtt === null || rtt.rttMs === 0) ? null : this.#pacingCpuMs;
  }

  /** What agents last told of this trial; who has told nothing of it yet is not among them. */
  get #told(): Live[] {
    return this.#pool.places.flatMap(({ status }) => (status?.live?.trial === this.#trial ? status.live : []));
  }

  progress(): LiveSums {
    const sums = { succeeded: 0, failed: 0, inProgress: 0, heapUsedBytes: 0, arrayBuffersBytes: 0 };
    for (const told of this.#told) {
      for (const key of Object.keys(sums) as (keyof LiveSums)[]) sums[key] += told.sums[key];
    }
    return sums;
  }

  latencies(): Histogram {
    const all = new Histogram();
    for (const { indexes, counts } of this.#told) {
      indexes.forEach((index, i) => {
        if (index < all.counts.length) all.counts[index]! += counts[i] ?? 0;
      });
    }
    return all;
  }

  eventLoops(): EventLoopUtilization[] {
    const loops = this.#told.flatMap((told) => told.loops);
    // Who watches compares them one by one.
    return loops.length === this.#instances.flat().length ? loops : [];
  }

  abort(): void {
    this.#isAborted = true;
    for (const place of this.#pool.places) {
      if (place.lost !== undefined) continue;
      this.#pool.send(place, { type: "abort", trial: this.#trial }).catch(() => {});
    }
  }

  async close(): Promise<void> {
    if (this.#lostUnderLoad) {
      this.abort();
      await this.#awaitLost();
    }
    await this.#pool.close();
  }

  /** Whoever is silent stops by itself: what it still sends then must not come after the keys are removed. */
  async #awaitLost(): Promise<void> {
    const { failure, options } = this.#pool;
    const waitMs = STOPPING_MS + this.#timeoutMs + (failure === undefined ? 0 : options.patienceMs);
    options.say(`waiting ${formatDuration(waitMs)} for agents that are not heard of to stop by themselves`);
    await sleep(waitMs);
  }
}

/** `roundTripUs`: the longest to the control Redis. */
const leadUs = (agents: number, roundTripUs: number): number =>
  1000 * (LEAD_MS + LEAD_FOR_EACH_MS * agents) + LEAD_ROUND_TRIPS * roundTripUs;

/** An instant of the control Redis' clock on this process' own: it lies between the two. */
const hereAt = (atUs: number, { offsetUs, uncertaintyUs }: Offset): LineUp => ({
  arrivedUs: atUs - offsetUs - uncertaintyUs,
  passedUs: atUs - offsetUs + uncertaintyUs,
});

/** Whether an agent went away, so that another may take its place. */
const isReplaceable = (reason: unknown): boolean => reason instanceof AgentLost && !reason.isRefusal;
