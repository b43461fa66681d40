import { expect, it } from "vitest";
import type { CallTimes } from "./admissions.js";
import type { Clock } from "./clocks.js";
import { History, OPERATION, type OperationCode, RESULT, type ResultCode } from "./history.js";
import { Rows } from "./rows.js";
import { staleReads } from "./stale-reads.js";

const { enter, leave, read, replicaRead } = OPERATION;
const { NEW, WAITING, ACTIVE, failed, inDoubt } = RESULT;
type Did = readonly [operation: OperationCode, result: ResultCode, sentUs: number, repliedUs: number];

/** What is found of one user's rows on one thread, admitted by calls that were sent and answered so. */
function found(did: readonly Did[], admissions: readonly (readonly [number, number, number?])[] = []) {
  const history = new History({ instance: 0, budgetBytes: 1 << 20, chunkEntries: 16 });
  for (const [operation, result, sentUs, repliedUs] of did) {
    history.append(1, 7, NEW, result, sentUs, sentUs, sentUs, repliedUs, 0, 0, operation);
  }
  const clock: Clock = { instance: 0, offsetUs: 0, uncertaintyUs: 0 };
  const rows = new Rows([history], [clock]);
  const calls = admissions.map(
    ([sentUs, repliedUs, tokenTtlUs = Number.POSITIVE_INFINITY]): CallTimes => ({
      sentUs,
      repliedUs,
      clock: rows.clockOf(0),
      tokenTtlUs,
    }),
  );
  const { found: stale, compared } = staleReads(rows, rows.of(1), calls);
  return { stale: stale.map(({ number, before }) => [number, before]), compared };
}

const joined: Did = [enter, NEW, 0, 10];

it.each<[string, readonly Did[], readonly (readonly [number, number, number?])[], unknown[], number]>([
  ["nowhere after an answer is stale", [joined, [replicaRead, NEW, 11, 20]], [], [[1, 0]], 1],
  ["waiting after an answer is not", [joined, [replicaRead, WAITING, 11, 20]], [], [], 1],
  ["nowhere beside the answer may have come before it", [joined, [replicaRead, NEW, 9, 20]], [], [], 0],
  [
    "nothing was acknowledged",
    [
      [enter, inDoubt, 0, 10],
      [replicaRead, NEW, 11, 20],
    ],
    [],
    [],
    0,
  ],
  [
    "a primary's reading vouches too",
    [
      [read, WAITING, 0, 5],
      [replicaRead, NEW, 6, 20],
    ],
    [],
    [[1, 0]],
    1,
  ],
  [
    "a primary's reading of nowhere vouches for nothing",
    [
      [read, NEW, 0, 5],
      [replicaRead, NEW, 6, 20],
    ],
    [],
    [],
    0,
  ],
  [
    "nor does another replica",
    [
      [replicaRead, WAITING, 0, 5],
      [replicaRead, NEW, 6, 20],
    ],
    [],
    [],
    0,
  ],
  ["who left may be gone", [joined, [leave, WAITING, 11, 15], [replicaRead, NEW, 16, 20]], [], [], 0],
  ["whose leave is in doubt too", [joined, [leave, inDoubt, 11, 15], [replicaRead, NEW, 16, 20]], [], [], 0],
  [
    "who came again is back",
    [joined, [leave, WAITING, 11, 15], [enter, NEW, 16, 18], [replicaRead, NEW, 19, 20]],
    [],
    [[3, 2]],
    1,
  ],
  ["waiting after the admission is stale", [joined, [replicaRead, WAITING, 31, 40]], [[20, 30]], [[1, null]], 1],
  ["waiting during the admission is not", [joined, [replicaRead, WAITING, 29, 40]], [[20, 30]], [], 0],
  [
    "waiting after ACTIVE is stale",
    [
      [enter, ACTIVE, 0, 10],
      [replicaRead, WAITING, 11, 20],
    ],
    [],
    [[1, 0]],
    1,
  ],
  ["active after the admission is not", [joined, [replicaRead, ACTIVE, 31, 40]], [[20, 30]], [], 1],
  ["a token may have ended", [joined, [replicaRead, NEW, 31, 40]], [[20, 30, 5]], [], 0],
  [
    "who joined after his admission waits again",
    [joined, [leave, ACTIVE, 31, 35], [enter, NEW, 36, 40], [replicaRead, WAITING, 41, 50]],
    [[20, 30]],
    [],
    1,
  ],
  ["a reading that failed says nothing", [joined, [replicaRead, failed, 11, 20]], [], [], 0],
])("%s", (_, did, admissions, stale, compared) => {
  expect(found(did, admissions)).toEqual({ stale, compared });
});
