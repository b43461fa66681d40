import type { Socket } from "node:net";

/** What came and went through the sockets of a driver, those that are gone included. */
export class SocketBytes {
  readonly #open = new Set<Socket>();
  #sent = 0;
  #received = 0;

  watch(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#sent += socket.bytesWritten;
      this.#received += socket.bytesRead;
    });
  }

  totals(): { bytesSent: number; bytesReceived: number } {
    let [bytesSent, bytesReceived] = [this.#sent, this.#received];
    for (const { bytesWritten, bytesRead } of this.#open) {
      bytesSent += bytesWritten;
      bytesReceived += bytesRead;
    }
    return { bytesSent, bytesReceived };
  }
}
