import type { Socket } from "node:net";
import type { DelayLine } from "./delay-line.js";

/**
 * From now on all that a socket receives, its end included, goes through the line before anybody who listens to it hears
 * of it. Nothing is pushed back: the window of such a network is as large as what is in flight.
 */
export function delayReads(socket: Socket, line: DelayLine): void {
  const lane = line.lane();
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    line.hold(lane, () => {
      if (!socket.destroyed) push(chunk, encoding);
    });
    return true;
  };
}
