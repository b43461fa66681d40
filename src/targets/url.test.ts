import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { QbenchError } from "../base/errors.js";
import { addressOf, isLoopback, parseRedisUrl } from "./url.js";

const plain = { host: "localhost", port: 6379, tls: false, username: undefined, password: undefined, db: 0 };

describe("a URL that is right", () => {
  test.each([
    ["redis://localhost", plain],
    ["redis://localhost/", plain],
    ["REDIS://localhost:6380/3", { ...plain, port: 6380, db: 3 }],
    ["rediss://example.org", { ...plain, host: "example.org", tls: true }],
    ["redis://:secret@localhost", { ...plain, password: "secret" }],
    [
      "redis://app:p%40ss%2Fw%3Ard@localhost:1/15",
      { ...plain, username: "app", password: "p@ss/w:rd", port: 1, db: 15 },
    ],
    ["redis://[::1]:7000", { ...plain, host: "::1", port: 7000 }],
    ["redis://127.0.0.1:65535", { ...plain, host: "127.0.0.1", port: 65535 }],
    [
      "redis-sentinel://app:secret@127.0.0.1/tickets/2",
      {
        ...plain,
        host: "127.0.0.1",
        port: 26379,
        username: "app",
        password: "secret",
        db: 2,
        primaryName: "tickets",
      },
    ],
    ["REDISS-SENTINEL://localhost:5/a.b-c_1/", { ...plain, port: 5, tls: true, primaryName: "a.b-c_1" }],
  ])("%s", (text, endpoint) => {
    expect(parseRedisUrl(text)).toEqual(endpoint);
  });

  test("any user and password survive encoding", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 65535 }), fc.nat(9999), (username, password, port, db) => {
        const url = `redis://${encodeURIComponent(username)}:${encodeURIComponent(password)}@localhost:${port}/${db}`;
        expect(parseRedisUrl(url)).toEqual({ ...plain, username, password, port, db });
      }),
    );
  });
});

describe("a URL that is wrong", () => {
  test.each([
    "",
    "localhost",
    "localhost:6379",
    "http://localhost",
    "unix:///tmp/redis.sock",
    "redis:localhost",
    "redis://",
    "redis://:6379",
    "redis://localhost:port",
    "redis://localhost:0",
    "redis://localhost:65536",
    "redis://localhost:-1",
    "redis://localhost/db",
    "redis://localhost/-1",
    "redis://localhost/1/2",
    "redis://localhost/99999",
    "redis://localhost?db=1",
    "redis://localhost#1",
    "redis://a%zz@localhost",
    "redis://two hosts",
    "redis-sentinel://localhost",
    "redis-sentinel://localhost/",
    "redis-sentinel://localhost/a/b",
    "redis-sentinel://localhost/a%20b",
    "redis-sentinel://a,b/name",
    "sentinel://localhost/name",
  ])("%s is a usage error that says what is expected", (text) => {
    const error = errorOf(text);
    expect(error).toMatchObject({ kind: "usage", exitCode: 2 });
    expect(error?.hint).toContain("redis://");
  });

  test("never quotes a password, wherever it was put and however it was encoded", () => {
    // A mark that no message of ours contains by itself.
    const secret = fc.string({ maxLength: 8 }).map((rest) => `Xq7-${rest}`);
    const frame = fc.constantFrom(
      (s: string) => `redis://:${s}@localhost:port`,
      (s: string) => `redis://${s}@localhost/x`,
      (s: string) => `redis://user:${s}@localhost#x`,
      (s: string) => `${s}`,
      (s: string) => `redis://localhost/${s}`,
      (s: string) => `redis://localhost:${s}`,
      (s: string) => `redis:${s}@localhost`,
      (s: string) => `redis://user:%zz${s}@localhost`,
      (s: string) => `http://user:${s}@localhost`,
    );
    fc.assert(
      fc.property(secret, frame, (password, wrap) => {
        const error = errorOf(wrap(password));
        if (error !== undefined) expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain("Xq7-");
      }),
    );
  });
});

function errorOf(text: string): QbenchError | undefined {
  try {
    parseRedisUrl(text);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(QbenchError);
    return error as QbenchError;
  }
}

test.each([
  ["localhost", true],
  ["LOCALHOST", true],
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["127.evil.example", false],
  ["128.0.0.1", false],
  ["redis", false],
  ["localhost.example.org", false],
  ["0.0.0.0", false],
])("%s is this machine: %s", (host, expected) => {
  expect(isLoopback({ ...plain, host })).toBe(expected);
});

test("an address is printed so that it can be typed again", () => {
  expect(addressOf({ ...plain, host: "::1" })).toBe("[::1]:6379");
  expect(addressOf(plain)).toBe("localhost:6379");
});
