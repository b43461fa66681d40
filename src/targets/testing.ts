import { Redis } from "ioredis";
import { type EmbeddedServer, startEmbedded } from "./embedded.js";
import { findRedisBinary } from "./redis-binary.js";

/** For tests: a real server of their own, and a connection to it. */
export interface TestRedis {
  readonly server: EmbeddedServer;
  readonly redis: Redis;
  stop(): Promise<void>;
}

/** Call `stop` in `afterAll`. `configLines` as in redis.conf. */
export async function startTestRedis(configLines: readonly string[] = []): Promise<TestRedis> {
  const server = await startEmbedded(await findRedisBinary(undefined), configLines);
  const { host, port } = server.endpoint;
  const redis = new Redis({ host, port, protocol: 2, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  const stop = async (): Promise<void> => {
    redis.disconnect();
    await server.stop();
  };
  return { server, redis, stop };
}

/** Runs `use` against a server of its own that is gone afterwards. */
export async function withRedis<T>(
  use: (test: TestRedis) => Promise<T>,
  configLines: readonly string[] = [],
): Promise<T> {
  const test = await startTestRedis(configLines);
  try {
    return await use(test);
  } finally {
    await test.stop();
  }
}
