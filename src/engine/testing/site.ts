import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect } from "vitest";
import { startTestRedis, type TestRedis } from "../../targets/testing.js";
import { callsOf, type Ended, makeWorld, type Running, type World } from "./program.js";

/** For a test file: a world and a server of its own, from its first test to its last. */
export interface Site {
  readonly world: World;
  readonly redis: Redis;
  readonly url: string;
  readonly port: number;
  /** A path in a folder that is gone with the file's last test. */
  path(name: string): string;
  /** The built command on the server. */
  on(name: string, ...args: string[]): Running;
  /** `qbench run` of one trial without a warm-up, to its end. */
  oneTrial(...args: string[]): Promise<Ended>;
  keys(): Promise<string[]>;
  calls(): Promise<Record<string, number>>;
}

/** Call it at the top of the file; what it gives is there as soon as a test runs. */
export function ownSite(): Site {
  let test: TestRedis;
  let world: World;
  beforeAll(async () => {
    [test, world] = await Promise.all([startTestRedis(), makeWorld()]);
  });
  afterAll(async () => {
    world.remove();
    await test.stop();
  });
  const site: Site = {
    get world() {
      return world;
    },
    get redis() {
      return test.redis;
    },
    get url() {
      return `redis://127.0.0.1:${site.port}`;
    },
    get port() {
      return test.server.endpoint.port;
    },
    path: (name) => `${world.temporary}/${name}`,
    on: (name, ...args) => world.command(name, "--url", site.url, ...args),
    async oneTrial(...args) {
      const ended = await site.on("run", "--trials", "1", "--warmup", "0", ...args).ended;
      expect(ended.stderr).not.toMatch(/bug/);
      return ended;
    },
    keys: () => test.redis.keys("*"),
    calls: () => callsOf(test.redis),
  };
  return site;
}
