import { randomBytes } from "node:crypto";
import { openTarget, type Target } from "../targets/target.js";

/** The one server of a benchmark, and the run whose concerts it may make there. */
export interface BenchServer {
  readonly target: Target;
  readonly port: number;
  readonly runId: string;
}

/** Starts an embedded server, hands it to `use`, and leaves nothing behind. */
export async function withServer<T>(use: (server: BenchServer) => Promise<T>): Promise<T> {
  const runId = `bench${randomBytes(3).toString("hex")}`;
  const target = await openTarget({
    urls: [],
    allowRemote: false,
    allowNonempty: false,
    connectTimeoutMs: 5000,
    runId,
  });
  try {
    return await use({ target, port: target.endpoints[0]!.port, runId });
  } finally {
    await target.stop();
  }
}
