import fc from "fast-check";
import { expect, it } from "vitest";
import { Agenda } from "./agenda.js";

const PARTIES = 12;
const step = fc.oneof(
  fc.record({ do: fc.constant("set" as const), party: fc.nat(PARTIES - 1), dueUs: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ do: fc.constant("remove" as const), party: fc.nat(PARTIES - 1), dueUs: fc.constant(0) }),
  fc.record({ do: fc.constant("shift" as const), party: fc.constant(0), dueUs: fc.constant(0) }),
);

it("an agenda does what a map does whose least is looked for each time", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const agenda = new Agenda(PARTIES);
      const model = new Map<number, number>();
      for (const { do: what, party, dueUs } of steps) {
        if (what === "set") {
          agenda.set(party, dueUs);
          model.set(party, dueUs);
        } else if (what === "remove") {
          agenda.remove(party);
          model.delete(party);
        } else if (model.size > 0) {
          const first = Math.min(...model.values());
          expect(agenda.dueUs).toBe(first);
          const taken = agenda.shift();
          expect(model.get(taken)).toBe(first);
          model.delete(taken);
        }
        expect(agenda.length).toBe(model.size);
        expect(agenda.dueUs).toBe(Math.min(...model.values()));
        for (let one = 0; one < PARTIES; one++) expect(agenda.has(one)).toBe(model.has(one));
      }
    }),
  );
});
