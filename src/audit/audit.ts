import type { Redis } from "ioredis";
import { nowUs } from "../base/clock.js";
import { ANOMALY_KINDS, type AnomalyKind } from "../queue/anomaly.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Population } from "../queue/population.js";
import { type AdmissionLog, ConcertCalls } from "./admissions.js";
import type { Clock } from "./clocks.js";
import { ConcertAudit } from "./concert-audit.js";
import type { ConcertAnswers, ConcertCounts, Tally } from "./concert-counts.js";
import type { Example } from "./evidence.js";
import { type FinalState, readFinalState, type TokenForm } from "./final-state.js";
import type { History } from "./history.js";
import { type QueueReader, redisReader } from "./reader.js";
import { clockOf, Rows } from "./rows.js";
import type { TimedForgetting } from "./rules.js";
import type { Forgetting } from "./user-check.js";

/** The audit after every trial: what entries were told against the data they left. */
export interface Audit {
  readonly ok: boolean;
  readonly anomalies: Readonly<Partial<Record<AnomalyKind, number>>>;
  /** Anomalies of a kind that the strategy, with this score, promises never to show. */
  readonly brokenPromises: readonly AnomalyKind[];
  /** Kinds that it promises never to show. */
  readonly promises?: readonly AnomalyKind[];
  /** Kinds that this trial could have shown: of any other, none says nothing. */
  readonly exercised?: readonly AnomalyKind[];
  /** A few of each kind, explained. */
  readonly examples?: readonly Example[];
  /** Entries, members and tokens looked at. */
  readonly checked: number;
  /** Users of whom nothing can be said, since they had too much under way at once. */
  readonly unjudged?: number;
  /**
   * "users": every user's answers against his data. "counts": the history was cut short, or not kept, and beyond it only
   * numbers were compared. "none": not audited, or the server was gone.
   */
  readonly coverage: "users" | "counts" | "none";
  /** Users whom a restarted server forgot. */
  readonly lostByServer: number;
  /** How far times of different threads may be apart before their order counts; absent: nothing had to be compared. */
  readonly clockToleranceUs?: number;
  readonly durationMs: number;
}

/** What is known of a trial besides its data. */
export interface TrialFacts {
  readonly runId: string;
  readonly population: Population;
  /** By concert number; a number may come several times, once for each instance. */
  readonly concerts: readonly ConcertCounts[];
  /** One for each instance; null if none was kept. */
  readonly histories: readonly History[] | null;
  /** How the threads' times compare; threads that are not in it are not compared with others. */
  readonly clocks?: readonly Clock[];
  readonly promises: readonly AnomalyKind[];
  /** What those who admitted users have recorded. */
  readonly admissions?: readonly AdmissionLog[];
  readonly tokens?: TokenForm;
  /** Users were moved from waiting to active meanwhile, by somebody who kept no record. */
  readonly isAdmitting?: boolean;
  /** The server restarted, or another took over: what it forgot breaks no promise. */
  readonly serverRestarted?: boolean;
  /** When that was, once in each of these spans; absent: once, nobody knows when. */
  readonly forgettings?: ForgettingLog;
  /** How long after the threads' line-up this is, µs, or more: tokens that cannot have ended by now are not over. */
  readonly elapsedUs?: () => number;
}

/** Spans in order of time, µs on one thread's clock, counted from the start of its trial, as in a history. */
export interface ForgettingLog {
  readonly instance: number;
  readonly spans: readonly Forgetting[];
}

/**
 * What no forgetting explains. A token that was forgotten lets its user be queued, and admitted, once more: by the answers he
 * is then waiting and active at once, though the data never say so.
 */
const NEVER_FORGETTING: readonly AnomalyKind[] = ["phantom"];

/** The result where nobody looked. */
export const NOT_AUDITED: Audit = {
  ok: true,
  anomalies: {},
  brokenPromises: [],
  checked: 0,
  coverage: "none",
  lostByServer: 0,
  durationMs: 0,
};

/** Audits a trial whose entries have all ended; call it before the keys are removed. */
export const auditTrial = ({ control, ...facts }: TrialFacts & { readonly control: Redis }): Promise<Audit> =>
  auditQueues(redisReader(control), facts);

/** @throws Error if a complete history and the generator's counts disagree: a bug, not an anomaly. */
export async function auditQueues(reader: QueueReader, facts: TrialFacts): Promise<Audit> {
  const startUs = nowUs();
  const { population, promises, histories, clocks = [], serverRestarted = false, tokens = "key" } = facts;
  const isComplete = histories?.every((history) => history.complete) ?? false;
  const rows = new Rows(histories ?? [], clocks);
  const { elapsedUs = () => Number.POSITIVE_INFINITY, isAdmitting = false } = facts;
  const forgettings = serverRestarted ? forgettingsOf(facts) : [];
  const rules = { population, isAdmitting, isComplete, promises, forgettings, elapsedUs };
  const model = new ConcertAudit(rules, rows);
  const sum: Tally = {};
  for (const [number, told] of answersByConcert(facts, rows)) {
    const keys = concertKeys(concertIdOf(facts.runId, number));
    const final = await readFinalState(reader, keys, tokens);
    const suspects = model.judge(number, told, final, callsOf(number, facts, final));
    const holders = tokens === "key" ? await reader.tokenHolders(keys, suspects) : [];
    const found = model.findings(told, holders);
    for (const kind of ANOMALY_KINDS) if (found[kind] !== undefined) sum[kind] = (sum[kind] ?? 0) + found[kind];
  }
  const { lost = 0, ...rest } = sum;
  const anomalies: Tally = serverRestarted ? rest : sum;
  const found = ANOMALY_KINDS.filter((kind) => anomalies[kind] !== undefined);
  const isHeld = (kind: AnomalyKind): boolean =>
    promises.includes(kind) && (!serverRestarted || NEVER_FORGETTING.includes(kind));
  const tolerances = clocks.map(({ uncertaintyUs }) => uncertaintyUs).filter(Number.isFinite);
  return {
    ok: found.length === 0,
    anomalies,
    brokenPromises: found.filter(isHeld),
    promises,
    exercised: ANOMALY_KINDS.filter((kind) => model.exercised.has(kind) || anomalies[kind] !== undefined),
    examples: model.examples.all.filter(({ kind }) => anomalies[kind] !== undefined),
    checked: model.checked,
    unjudged: model.unjudged,
    coverage: isComplete ? "users" : "counts",
    lostByServer: serverRestarted ? lost : 0,
    ...(tolerances.length > 1 ? { clockToleranceUs: 2 * Math.max(...tolerances) } : {}),
    durationMs: (nowUs() - startUs) / 1000,
  };
}

const AT_ANY_TIME: Forgetting = { fromUs: Number.NEGATIVE_INFINITY, untilUs: Number.POSITIVE_INFINITY };

function forgettingsOf({ forgettings, clocks = [], histories }: TrialFacts): TimedForgetting[] {
  const { instance, spans } = forgettings ?? { instance: -1, spans: [AT_ANY_TIME] };
  const threads = new Set([...(histories ?? []).map((history) => history.instance), instance]).size;
  const clock = clockOf(instance, clocks, threads);
  return spans.map((span) => ({ ...span, clock }));
}

/** What was recorded of the admissions to one concert; null: nobody kept a record. */
function callsOf(concert: number, facts: TrialFacts, final: FinalState): ConcertCalls | null {
  const { admissions, clocks = [], histories } = facts;
  if (admissions === undefined) return null;
  const threads = new Set([...(histories ?? []), ...admissions].map(({ instance }) => instance)).size;
  const calls = admissions.flatMap((log) => {
    const clock = clockOf(log.instance, clocks, threads);
    return log.calls.filter((call) => call.concert === concert).map((call) => ({ ...call, clock }));
  });
  return new ConcertCalls(calls, final);
}

/** The instances' counts added up; a concert that was entered counts even if nobody counted it. */
function answersByConcert({ concerts }: TrialFacts, rows: Rows): Map<number, ConcertAnswers> {
  const nothing: ConcertAnswers = {
    answers: { NEW: 0, WAITING: 0, ACTIVE: 0 },
    failed: 0,
    inDoubt: 0,
    left: 0,
    leavesInDoubt: 0,
  };
  const sums = new Map<number, ConcertAnswers>(rows.concerts.map((number) => [number, nothing]));
  for (const { number, answers, failed, inDoubt, left, leavesInDoubt } of concerts) {
    const sum = sums.get(number) ?? nothing;
    sums.set(number, {
      answers: {
        NEW: sum.answers.NEW + answers.NEW,
        WAITING: sum.answers.WAITING + answers.WAITING,
        ACTIVE: sum.answers.ACTIVE + answers.ACTIVE,
      },
      failed: sum.failed + failed,
      inDoubt: sum.inDoubt + inDoubt,
      left: sum.left + left,
      leavesInDoubt: sum.leavesInDoubt + leavesInDoubt,
    });
  }
  return sums;
}
