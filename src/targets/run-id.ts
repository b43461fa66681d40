import type { Endpoint } from "../drivers/driver.js";
import { connectControl } from "./control.js";

/**
 * By which a server process is known wherever it is reached from; empty where it does not tell.
 * @throws QbenchError (environment)
 */
export async function runIdAt(endpoint: Endpoint): Promise<string> {
  const control = await connectControl(endpoint);
  try {
    return /^run_id:(\w+)/m.exec(await control.info("server"))?.[1] ?? "";
  } finally {
    control.disconnect();
  }
}
