import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Driver } from "../drivers/driver.js";
import { openInstance, segmentOf } from "./testing.js";

const USERS = 20_000;

const SEGMENT = segmentOf({
  connections: "shared",
  vus: USERS,
  entries: USERS,
  newUsersPerGeneration: USERS,
});

/** An instance whose server answers nothing by itself, and the tokens of what it sent. */
async function openSilent() {
  const tokens: number[] = [];
  const send = (...args: Parameters<Driver["send"]>): number => tokens.push(args[6]);
  const { instance, events } = await openInstance({ send }, { pool: 20, routes: 1 });
  const answer = (token: number, status: string) =>
    events.onReplies(token, [[status, 1, 1, 1]], performance.now() * 1000);
  return { instance, tokens, answer };
}

it("users begin some hundreds a turn of the event loop, so that the first are sent before the last begin", async () => {
  const { instance, tokens, answer } = await openSilent();
  instance.prepare(SEGMENT);
  const running = instance.run();
  for (let before = 0; before < USERS; ) {
    const sent = tokens.length - before;
    expect(sent).toBeLessThanOrEqual(1024);
    before = tokens.length;
    await nextTurn();
  }
  expect(new Set(tokens).size).toBe(USERS);
  for (const token of tokens) answer(token, "NEW");
  expect(await running).toMatchObject({ attempted: USERS, answers: { NEW: USERS } });
});

it("a reply that comes a trial too late is nobody's", async () => {
  const { instance, tokens, answer } = await openSilent();
  const one = { ...SEGMENT, vus: 1, entries: 1 };
  instance.prepare({ ...one, timeoutMs: 20 });
  expect(await instance.run()).toMatchObject({ failures: { timeout: 1 } });
  instance.prepare(one);
  const running = instance.run();
  answer(tokens[0]!, "NEW");
  answer(tokens[1]!, "WAITING");
  expect(await running).toMatchObject({ attempted: 1, answers: { NEW: 0, WAITING: 1 } });
});
