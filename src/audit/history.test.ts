import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OUTCOMES } from "../queue/outcome.js";
import {
  ENTRY_BYTES,
  type EntryEvent,
  eventsOf,
  History,
  type HistoryTransfer,
  OPERATIONS,
  type OperationCode,
  type OutcomeCode,
  RESULTS,
  type ResultCode,
} from "./history.js";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const delayUs = fc.integer({ min: 0, max: 60_000_000 });
const event = fc
  .record({
    concert: u32,
    user: u32,
    prepared: fc.constantFrom(...OUTCOMES),
    result: fc.constantFrom(...RESULTS),
    operation: fc.constantFrom(...OPERATIONS),
    // Quarters of a µs add up without rounding, so that equality can be asked.
    plannedUs: fc.integer({ min: 0, max: 4e9 }).map((quarters) => quarters / 4),
    startLagUs: delayUs,
    poolWaitUs: delayUs,
    serviceUs: fc.integer({ min: 0, max: 4e8 }).map((quarters) => quarters / 4),
    position: u32,
    total: u32,
  })
  .map(({ startLagUs, poolWaitUs, serviceUs, ...rest }): EntryEvent => {
    const readyUs = rest.plannedUs + startLagUs;
    const sentUs = readyUs + poolWaitUs;
    return { instance: 3, ...rest, readyUs, sentUs, repliedUs: sentUs + serviceUs };
  });

function append(history: History, one: EntryEvent): boolean {
  return history.append(
    one.concert,
    one.user,
    OUTCOMES.indexOf(one.prepared) as OutcomeCode,
    RESULTS.indexOf(one.result) as ResultCode,
    one.plannedUs,
    one.readyUs,
    one.sentUs,
    one.repliedUs,
    one.position,
    one.total,
    OPERATIONS.indexOf(one.operation) as OperationCode,
  );
}

const small = (budgetEntries: number): History =>
  new History({ instance: 3, budgetBytes: budgetEntries * ENTRY_BYTES, chunkEntries: 4 });

describe("history", () => {
  it("takes at most 50 bytes an entry", () => {
    expect(ENTRY_BYTES).toBeLessThanOrEqual(50);
  });

  it("gives back what was put in, also after a move to another thread", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const history = small(100);
        for (const one of events) expect(append(history, one)).toBe(true);
        expect([...eventsOf([history])]).toEqual(events);

        const { port1, port2 } = new MessageChannel();
        const { message, transferList } = history.toTransfer();
        port1.postMessage(message, transferList);
        const received = receiveMessageOnPort(port2)?.message as HistoryTransfer;
        port1.close();
        expect([...eventsOf([History.fromTransfer(received)])]).toEqual(events);
        expect(transferList.every((buffer) => buffer.byteLength === 0)).toBe(true);
        expect(history.entries).toBe(0);
      }),
    );
  });

  it("never takes more memory than its budget, and counts what did not fit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.array(event, { maxLength: 30 }), (budgetEntries, events) => {
        const history = small(budgetEntries);
        const recorded = events.map((one) => append(history, one)).filter(Boolean).length;
        expect(history.bytes).toBeLessThanOrEqual(budgetEntries * ENTRY_BYTES);
        expect(history.entries).toBe(recorded);
        expect(recorded).toBe(Math.min(events.length, budgetEntries - (budgetEntries % 4)));
        expect(history.overflow).toBe(events.length - recorded);
        expect(history.complete).toBe(recorded === events.length);
        expect([...eventsOf([history])]).toEqual(events.slice(0, recorded));
      }),
    );
  });

  it("keeps its overflow across the move", () => {
    const history = small(0);
    history.append(0, 0, 0, 0, 0, 0, 0, 0, 1, 1);
    expect(History.fromTransfer(history.toTransfer().message).overflow).toBe(1);
  });

  it("reads several threads one after the other", () => {
    const [a, b] = [1, 2].map((instance) => new History({ instance, budgetBytes: 1000, chunkEntries: 4 }));
    a!.append(0, 7, 0, 0, 0, 0, 0, 0, 1, 1);
    b!.append(0, 8, 0, 1, 0, 0, 0, 0, 1, 1);
    expect([...eventsOf([a!, b!])].map(({ instance, user, result }) => [instance, user, result])).toEqual([
      [1, 7, "NEW"],
      [2, 8, "WAITING"],
    ]);
    expect(() => a!.at(1)).toThrow(RangeError);
  });
});
