import { expect, it } from "vitest";
import { linesOf } from "./dump.js";
import { History, OPERATION, RESULT } from "./history.js";

it("gives clocks, entries, leaves and admissions, one JSON object a line", () => {
  const history = new History({ instance: 0, budgetBytes: 1000, chunkEntries: 4 });
  history.append(3, 7, 0, RESULT.NEW, 1, 2, 3, 4, 5, 6);
  history.append(3, 7, 0, RESULT.WAITING, 7, 7, 7, 9, 0, 0, OPERATION.leave);
  const call = { concert: 3, sentUs: 1, repliedUs: 2, expiresAtMs: 9, tokenTtlMs: null, count: 2, isInDoubt: false };
  const lines = [
    ...linesOf({
      strategy: "lua",
      round: 1,
      histories: [history],
      clocks: [{ instance: 0, offsetUs: 1.5, uncertaintyUs: Number.POSITIVE_INFINITY }],
      admissions: [{ instance: 1, calls: [call, { ...call, users: Uint32Array.from([7, 8]) }] }],
    }),
  ];
  expect(lines.every((line) => line.endsWith("\n") && line.indexOf("\n") === line.length - 1)).toBe(true);
  const trial = { strategy: "lua", round: 1 };
  const user = { instance: 0, concert: 3, user: 7, prepared: "NEW" };
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { ...trial, what: "clock", instance: 0, offsetUs: 1.5, uncertaintyUs: null },
    {
      ...trial,
      what: "enter",
      ...user,
      result: "NEW",
      plannedUs: 1,
      readyUs: 2,
      sentUs: 3,
      repliedUs: 4,
      position: 5,
      total: 6,
    },
    {
      ...trial,
      what: "leave",
      ...user,
      result: "WAITING",
      plannedUs: 7,
      readyUs: 7,
      sentUs: 7,
      repliedUs: 9,
      position: 0,
      total: 0,
    },
    { ...trial, what: "admission", instance: 1, ...call },
    { ...trial, what: "admission", instance: 1, ...call, users: [7, 8] },
  ]);
});
