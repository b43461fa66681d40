import type { Redis } from "ioredis";
import { nowUs } from "../base/clock.js";
import { ANOMALY_KINDS, type AnomalyKind } from "../queue/anomaly.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { AdmissionLog } from "./admissions.js";
import { type ConcertAnswers, ConcertAudit, type Prepared, type Tally } from "./concert-audit.js";
import type { History } from "./history.js";
import { type QueueReader, redisReader } from "./reader.js";
import { Rows } from "./rows.js";

/** The audit after every trial: what entries were told against the data they left. */
export interface Audit {
  readonly ok: boolean;
  readonly anomalies: Readonly<Partial<Record<AnomalyKind, number>>>;
  /** Anomalies of a kind that the strategy, with this score, promises never to show. */
  readonly brokenPromises: readonly AnomalyKind[];
  /** Entries, members and tokens looked at. */
  readonly checked: number;
  /** "users": every user's answers against his data. "counts": the history was cut short, and beyond it only numbers were compared. */
  readonly coverage: "users" | "counts";
  /** Users whom a restarted server forgot. */
  readonly lostByServer: number;
  readonly durationMs: number;
}

/** What is known of a trial besides its data. */
export interface TrialFacts {
  readonly runId: string;
  readonly population: Prepared;
  /** By concert number; a number may come several times, once for each instance. */
  readonly concerts: readonly (ConcertAnswers & { readonly number: number })[];
  /** One for each instance; null if none was kept. */
  readonly histories: readonly History[] | null;
  readonly promises: readonly AnomalyKind[];
  /** Users were moved from waiting to active meanwhile. */
  readonly isAdmitting?: boolean;
  /** By which calls; a user whom one of them names is not lost, though his token may be over by now. */
  readonly admissions?: readonly AdmissionLog[];
  /** The server restarted, or another took over: what it forgot breaks no promise. */
  readonly serverRestarted?: boolean;
}

/** What a server that kept its data cannot be blamed for. */
const NEVER_FORGETTING: readonly AnomalyKind[] = ["phantom", "wait-and-active"];

/** Audits a trial whose entries have all ended; call it before the keys are removed. */
export const auditTrial = ({ control, ...facts }: TrialFacts & { readonly control: Redis }): Promise<Audit> =>
  auditQueues(redisReader(control), facts);

/** @throws Error if a complete history and the generator's counts disagree: a bug, not an anomaly. */
export async function auditQueues(reader: QueueReader, facts: TrialFacts): Promise<Audit> {
  const startUs = nowUs();
  const { population, promises, histories, serverRestarted = false } = facts;
  const isComplete = histories?.every((history) => history.complete) ?? false;
  const rows = new Rows(histories ?? []);
  const mayAnswerNewTwice = !promises.includes("double-new");
  const rules = { prepared: population, isAdmitting: facts.isAdmitting ?? false, isComplete, mayAnswerNewTwice };
  const model = new ConcertAudit(rules, rows);
  const sum: Tally = {};
  for (const [number, told] of answersByConcert(facts, rows)) {
    model.begin(number, told);
    await readConcert(reader, concertKeys(concertIdOf(facts.runId, number)), model);
    const admitted = admittedIn(number, facts.admissions ?? []);
    if (admitted.size > 0) model.seeActive(model.missing().filter((id) => admitted.has(Number(id))));
    const found = model.findings(told);
    for (const kind of ANOMALY_KINDS) if (found[kind] !== undefined) sum[kind] = (sum[kind] ?? 0) + found[kind];
  }
  const { lost = 0, ...rest } = sum;
  const anomalies: Tally = serverRestarted ? rest : sum;
  const found = ANOMALY_KINDS.filter((kind) => anomalies[kind] !== undefined);
  const isHeld = (kind: AnomalyKind): boolean =>
    promises.includes(kind) && (!serverRestarted || NEVER_FORGETTING.includes(kind));
  return {
    ok: found.length === 0,
    anomalies,
    brokenPromises: found.filter(isHeld),
    checked: model.checked,
    coverage: isComplete ? "users" : "counts",
    lostByServer: serverRestarted ? lost : 0,
    durationMs: (nowUs() - startUs) / 1000,
  };
}

/** Users whom calls name as admitted to a concert. */
const admittedIn = (concert: number, logs: readonly AdmissionLog[]): Set<number> =>
  new Set(
    logs.flatMap(({ calls }) =>
      calls.filter((call) => call.concert === concert).flatMap(({ users }) => (users === undefined ? [] : [...users])),
    ),
  );

async function readConcert(reader: QueueReader, keys: ReturnType<typeof concertKeys>, model: ConcertAudit) {
  for await (const users of reader.active(keys)) model.seeActive(users);
  for await (const users of reader.waiting(keys)) {
    model.seeWaiting(users);
    model.seeActive(await reader.tokenHolders(keys, users));
  }
  // A token alone, without a place in the active set, is an admission too.
  model.seeActive(await reader.tokenHolders(keys, model.missing()));
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
