import { type EmbeddedServer, restartEmbedded } from "./embedded.js";

/**
 * An embedded server as a process to which things happen: it is killed, started again, stopped for a while. Its address
 * stays; its process and its folder change.
 */
export class OwnServer {
  readonly #configLines: readonly string[];
  readonly #onStarted: (server: EmbeddedServer) => Promise<void>;
  #server: EmbeddedServer;
  #hasEnded = false;

  /** `onStarted`: called with each further process, so that whoever cleans up after us knows of it. */
  constructor(
    server: EmbeddedServer,
    configLines: readonly string[],
    onStarted: (server: EmbeddedServer) => Promise<void>,
  ) {
    this.#server = server;
    this.#configLines = configLines;
    this.#onStarted = onStarted;
    this.#watch(server);
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** By SIGKILL; resolves when the process and its folder are gone. */
  async kill(): Promise<void> {
    await this.#server.stop();
  }

  /** Again, with nothing in it. @throws QbenchError (environment) if it does not come up. */
  async start(): Promise<void> {
    this.#server = await restartEmbedded(this.#server, this.#configLines);
    this.#watch(this.#server);
    await this.#onStarted(this.#server);
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Ends it for good, stopped or not. May be called again. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  #watch(server: EmbeddedServer): void {
    this.#hasEnded = false;
    void server.ended.then(() => {
      if (server === this.#server) this.#hasEnded = true;
    });
  }

  /** Once it has ended, its pid may be somebody else's. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#hasEnded) return;
    try {
      process.kill(this.#server.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
