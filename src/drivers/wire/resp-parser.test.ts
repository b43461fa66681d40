import fc from "fast-check";
import { Decoder } from "ioredis/built/resp/decoder.js";
import { describe, expect, it } from "vitest";
import { ErrorReply, type WireReply } from "./reply.js";
import { DEFAULT_LIMITS, ProtocolError, RespParser } from "./resp-parser.js";

/** Everything that RESP2 can say, as text of one char a byte; errors inside arrays too. */
const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const line = bytes.map((text) => text.replace(/[\r\n]/g, "·"));
const encoded: fc.Arbitrary<string> = fc.letrec<{ reply: string }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((number) => `:${number}\r\n`),
    bytes.map((text) => `$${text.length}\r\n${text}\r\n`),
    line.map((text) => `+${text}\r\n`),
    line.map((text) => `-ERR ${text}\r\n`),
    fc.constantFrom("$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n"),
    fc.array(tie("reply"), { maxLength: 5 }).map((items) => `*${items.length}\r\n${items.join("")}`),
  ),
})).reply;

function parse(stream: Buffer, cuts: readonly number[], limits = DEFAULT_LIMITS): WireReply[] {
  const replies: WireReply[] = [];
  const parser = new RespParser({ onReply: (reply) => replies.push(reply) }, limits);
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  // One buffer for all chunks, overwritten each time, as the driver's read buffer is.
  const shared = Buffer.alloc(stream.length);
  for (const [i, from] of [0, ...places].entries()) {
    const length = stream.copy(shared, 0, from, places[i] ?? stream.length);
    parser.feed(shared, length);
  }
  return replies;
}

/** What ioredis makes of the same bytes, in our words. */
function parseAsIoredis(stream: Buffer): WireReply[] {
  const replies: WireReply[] = [];
  const ours = (reply: unknown): WireReply => {
    if (Array.isArray(reply)) return reply.map(ours);
    if (Buffer.isBuffer(reply)) return reply.toString("latin1");
    if (reply instanceof Error) return new ErrorReply(Buffer.from(reply.message, "utf8").toString("latin1"));
    return reply as WireReply;
  };
  const decoder = new Decoder({
    getTypeMapping: () => ({ 36: Buffer, 43: Buffer }),
    onReply: (reply: unknown) => replies.push(ours(reply)),
    onErrorReply: (error: Error) => replies.push(ours(error)),
    onPush: () => {},
  });
  decoder.write(stream);
  return replies;
}

const asciiErrorsOnly = (text: string): boolean => !/-ERR [^\r]*[\x80-\xff]/.test(text);

describe("RESP2 parser", () => {
  it("reads what ioredis' own parser reads, wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(encoded, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (replies, cuts) => {
        const text = replies.join("");
        // ioredis decodes error texts as UTF-8, which loses bytes: those are compared by the next property only.
        fc.pre(asciiErrorsOnly(text));
        const stream = Buffer.from(text, "latin1");
        expect(parse(stream, cuts)).toEqual(parseAsIoredis(stream));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same replies cut byte by byte as in one piece", () => {
    fc.assert(
      fc.property(fc.array(encoded, { maxLength: 5 }), (replies) => {
        const stream = Buffer.from(replies.join(""), "latin1");
        expect(parse(stream, [...stream.keys()])).toEqual(parse(stream, []));
        expect(parse(stream, [])).toHaveLength(replies.length);
      }),
    );
  });

  it("reads every integer that a double can hold, exactly", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(parse(Buffer.from(`:${number}\r\n`), [3])).toEqual([number]);
      }),
    );
  });

  it("keeps every byte of a binary string", () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const [reply] = parse(Buffer.concat([Buffer.from("$256\r\n"), every, Buffer.from("\r\n")]), [3, 100]);
    expect(Buffer.from(reply as string, "latin1")).toEqual(every);
  });

  it.each([
    ["an unknown type", "?1\r\n"],
    ["letters in a number", ":12a\r\n"],
    ["an empty number", ":\r\n"],
    ["a negative length", "$-2\r\n"],
    ["a bulk string above the limit", "$11\r\n"],
    ["an array above the limit", "*5\r\n"],
    ["arrays nested too deep", "*1\r\n*1\r\n*1\r\n*1\r\n"],
    ["a bulk string longer than its header says", "$2\r\nabc\r\n"],
    ["CR without LF", ":1\rx"],
    ["a line without an end", `+${"x".repeat(40)}`],
  ])("refuses %s", (_, text) => {
    const limits = { bulkBytes: 10, lineBytes: 30, arrayElements: 4, depth: 3 };
    expect(() => parse(Buffer.from(text), [], limits)).toThrow(ProtocolError);
  });
});
