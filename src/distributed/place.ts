import { EXIT, QbenchError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import type { AgentFacts } from "../report/agents.js";
import type { FromAgent, Status } from "./messages.js";

type Type = FromAgent["type"];
type Of<T extends Type> = Extract<FromAgent, { type: T }>;

interface Waiter {
  readonly type: Type;
  resolve(message: FromAgent): void;
  reject(error: AgentLost): void;
}

/** An agent went away, or cannot do what it was asked for. */
export class AgentLost extends QbenchError {
  readonly why: string;
  /** It said so itself: another one would say the same. */
  readonly isRefusal: boolean;

  constructor(name: string, why: string, said?: Of<"failed">) {
    // An agent that was interrupted is as good as gone; the run was not.
    const refusal = said?.kind === "interrupted" ? undefined : said;
    const { kind = "environment", exitCode = EXIT.environment } = refusal ?? {};
    super(kind, exitCode, `agent ${name}: ${why}`, refusal?.hint);
    this.why = why;
    this.isRefusal = refusal !== undefined;
  }
}

/** What another machine says may hold anything, and is shown on a terminal. */
const readable = (text: string): string =>
  text
    .split("\n")
    .map((line) => printable(line, LONGEST_LINE))
    .join("\n");
const LONGEST_LINE = 500;
const LONGEST_NAME = 40;

/** One of the places of a run, and the agent that holds it now. */
export class Place {
  /** The job by which an agent holds it. */
  readonly job: string;
  readonly number: number;
  facts: AgentFacts | undefined;
  /** What its agent was built from. */
  build: string | undefined;
  status: Status | undefined;
  /** Its agent has had a part in a trial. */
  hasRun = false;
  /** Why its agent is not to be counted on any more. */
  lost: AgentLost | undefined;
  /** What the agent is called that has taken it. */
  #takenBy: string | undefined;
  #heardMs = performance.now();
  #lastNumber = 0;
  readonly #waiters = new Set<Waiter>();
  readonly #all: readonly Place[];

  /** `all`: places of the run, among which it is known by its name. */
  constructor(number: number, job: string, all: readonly Place[] = []) {
    this.number = number;
    this.job = job;
    this.#all = all;
  }

  get name(): string {
    return this.#takenBy ?? `at place ${this.number + 1}`;
  }

  /** From now on its agent is to be heard of. */
  take(agent: string): void {
    if (this.#takenBy !== undefined) return;
    this.#heardMs = performance.now();
    const name = printable(agent, LONGEST_NAME);
    const hasNamesake = this.#all.some((one) => one !== this && one.lost === undefined && one.#takenBy === name);
    this.#takenBy = hasNamesake ? `${name} (place ${this.number + 1})` : name;
  }

  /** The next message of a type. @throws AgentLost */
  next<T extends Type>(type: T): Promise<Of<T>> {
    const message = new Promise<FromAgent>((resolve, reject) => {
      if (this.lost === undefined) this.#waiters.add({ type, resolve, reject });
      else reject(this.lost);
    });
    // It may be asked for before anybody awaits it.
    message.catch(() => {});
    return message as Promise<Of<T>>;
  }

  hear(number: number, message: FromAgent): void {
    this.#heardMs = performance.now();
    if (number <= this.#lastNumber) return;
    this.#lastNumber = number;
    if (message.type === "ready") {
      this.take(message.facts.agent);
      this.facts = { ...message.facts, agent: this.name };
      this.build = message.build;
    }
    if (message.type === "failed") {
      const { hint } = message;
      this.lose(readable(message.message), { ...message, ...(hint === undefined ? {} : { hint: readable(hint) }) });
      return;
    }
    for (const waiter of this.#waiters) {
      if (waiter.type !== message.type) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(message);
    }
  }

  /** `status`: what lies there now; unchanged, nobody has been heard. */
  see(status: Status | undefined): void {
    if (status === undefined || status.beat === this.status?.beat) return;
    this.status = status;
    this.#heardMs = performance.now();
  }

  /** Since its agent was heard of; 0 while it has none: there is nobody to be missed. */
  get silentMs(): number {
    return this.#takenBy === undefined ? 0 : performance.now() - this.#heardMs;
  }

  lose(why: string, said?: Of<"failed">): void {
    if (this.lost !== undefined) return;
    this.lost = new AgentLost(this.name, why, said);
    for (const waiter of this.#waiters) waiter.reject(this.lost);
    this.#waiters.clear();
  }
}
