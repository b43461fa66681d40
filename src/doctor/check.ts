/**
 * What `qbench doctor` looks at: facts are read first, then judged by pure checks, so that each threshold can be tested
 * without a machine that breaks it.
 */

/** `warning`: figures can be had, but something in them is not the strategies'. `unfit`: nothing can be measured. */
export const STATUSES = ["ok", "warning", "unfit"] as const;
export type Status = (typeof STATUSES)[number];

export interface Judgement {
  readonly status: Status;
  /** What was found, with its figures. */
  readonly found: string;
  /** What to do about it; null where nothing needs to be done. */
  readonly advice: string | null;
}

/** What a run with these options will ask of machine and server. */
export interface Need {
  /** Measuring threads. */
  readonly instances: number;
  /** Connections of all instances. */
  readonly connections: number;
  /** The server runs on this machine, and takes a core of it. */
  readonly isServerHere: boolean;
}

/** One thing to look at; a new one is one entry in a list of them. */
export interface Check<Facts> {
  readonly name: string;
  /** Why it matters to figures. */
  readonly why: string;
  /** Null where the question does not arise, or the system does not tell. */
  judge(facts: Facts, need: Need): Judgement | null;
}

export interface Finding extends Judgement {
  /** "machine", or the server's address. */
  readonly subject: string;
  readonly check: string;
  readonly why: string;
}

export const ok = (found: string): Judgement => ({ status: "ok", found, advice: null });
export const warning = (found: string, advice: string): Judgement => ({ status: "warning", found, advice });
export const unfit = (found: string, advice: string): Judgement => ({ status: "unfit", found, advice });

/** All that a list of checks has to say about the facts. */
export const findingsOf = <Facts>(
  checks: readonly Check<Facts>[],
  subject: string,
  facts: Facts,
  need: Need,
): Finding[] =>
  checks.flatMap(({ name, why, judge }) => {
    const judgement = judge(facts, need);
    return judgement === null ? [] : [{ subject, check: name, why, ...judgement }];
  });
