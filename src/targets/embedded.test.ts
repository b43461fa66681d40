import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { withRedis } from "./testing.js";

test("an embedded server answers, and leaves neither process nor folder", async () => {
  const server = await withRedis(async ({ redis, server }) => {
    expect(await redis.ping()).toBe("PONG");
    return server;
  });
  expect(existsSync(server.folder)).toBe(false);
  expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
});
