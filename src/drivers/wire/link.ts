import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Endpoint } from "../driver.js";

/**
 * What carries bytes under the codec: TCP or TLS now, a delaying link later. A link reports each of its events once;
 * after `onDown` it is dead.
 */
export interface Link {
  /** `done` is called when `bytes` may be used again. */
  write(bytes: Buffer, done: () => void): void;
  destroy(): void;
}

export interface LinkEvents {
  onUp(): void;
  /** The bytes are valid during the call only. */
  onData(bytes: Buffer, length: number): void;
  onDown(reason: string): void;
}

/**
 * One read buffer for all links of a thread: data are consumed before the next read begins, and a single warm buffer
 * stays in the processor's cache.
 */
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

export function openLink(endpoint: Endpoint, events: LinkEvents): Link {
  const socket = endpoint.tls ? tlsSocket(endpoint, events) : tcpSocket(endpoint, events);
  let reason = "closed by the server";
  socket.on("error", (error: NodeJS.ErrnoException) => {
    reason = error.code ?? error.message;
  });
  socket.once("close", () => events.onDown(reason));
  return {
    write: (bytes, done) => void socket.write(bytes, done),
    destroy: () => void socket.destroy(),
  };
}

function tcpSocket(endpoint: Endpoint, events: LinkEvents): Socket {
  const socket = connectTcp({
    host: endpoint.host,
    port: endpoint.port,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (length, buffer) => {
        events.onData(buffer as Buffer, length);
        return true;
      },
    },
  });
  socket.once("connect", events.onUp);
  return socket;
}

function tlsSocket(endpoint: Endpoint, events: LinkEvents): Socket {
  const socket = connectTls({ host: endpoint.host, port: endpoint.port, servername: endpoint.host });
  socket.setNoDelay(true);
  socket.once("secureConnect", events.onUp);
  socket.on("data", (chunk: Buffer) => events.onData(chunk, chunk.length));
  return socket;
}
