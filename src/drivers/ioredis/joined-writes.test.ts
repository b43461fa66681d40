import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { JoinedWrites } from "./joined-writes.js";

type Step = { readonly text: string } | { readonly bytes: Uint8Array } | "begin" | "end";

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }).map((text) => ({ text })),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => ({ bytes })),
  fc.constantFrom("begin" as const, "end" as const),
);

it("writes the same bytes in the same order, whatever is joined and however it ends", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stream = new PassThrough({ highWaterMark: 1e6 });
      const joined = new JoinedWrites(stream);
      const expected: Buffer[] = [];
      for (const one of steps) {
        if (one === "begin") joined.begin();
        else if (one === "end") joined.end();
        else {
          const chunk = "text" in one ? one.text : one.bytes;
          stream.write(chunk);
          expected.push(Buffer.from(chunk as string));
        }
      }
      stream.end();
      expect(Buffer.concat([stream.read() ?? Buffer.alloc(0)])).toEqual(Buffer.concat(expected));
    }),
  );
});

it("makes one write of what is held back", () => {
  const stream = new PassThrough();
  let writes = 0;
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string) => {
    writes++;
    return write(chunk);
  }) as typeof stream.write;
  const joined = new JoinedWrites(stream);
  expect(joined.begin()).toBe(true);
  expect(joined.begin()).toBe(false);
  for (const word of ["a", "b", "c"]) stream.write(word);
  expect(writes).toBe(0);
  joined.end();
  expect(writes).toBe(1);
  expect(stream.read().toString()).toBe("abc");
});
