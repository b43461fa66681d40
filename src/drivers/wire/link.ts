import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { DelayLine } from "../delay/delay-line.js";
import { delayReads } from "../delay/delayed-reads.js";
import type { Endpoint } from "../driver.js";
import { tlsOptionsOf } from "../tls.js";

/** What carries bytes under the codec. A link reports each of its events once; after `onDown` it is dead. */
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

export function openLink(endpoint: Endpoint, events: LinkEvents, delay: DelayLine | null): Link {
  const socket = openSocket(endpoint, events, delay);
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

function openSocket(endpoint: Endpoint, events: LinkEvents, delay: DelayLine | null): Socket {
  if (!endpoint.tls && delay === null) return leanSocket(endpoint, events);
  const socket = endpoint.tls ? tlsSocket(endpoint, events) : tcpSocket(endpoint, events);
  socket.on("data", (chunk: Buffer) => events.onData(chunk, chunk.length));
  if (delay !== null) delayReads(socket, delay);
  return socket;
}

/** Reads without an allocation: what it has read is gone with the next read, so it cannot be held back. */
function leanSocket(endpoint: Endpoint, events: LinkEvents): Socket {
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

function tcpSocket(endpoint: Endpoint, events: LinkEvents): Socket {
  const socket = connectTcp({ host: endpoint.host, port: endpoint.port, noDelay: true });
  socket.once("connect", events.onUp);
  return socket;
}

function tlsSocket(endpoint: Endpoint, events: LinkEvents): Socket {
  const socket = connectTls({ host: endpoint.host, port: endpoint.port, ...tlsOptionsOf(endpoint) });
  socket.setNoDelay(true);
  socket.once("secureConnect", events.onUp);
  return socket;
}
