import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { DelayLine } from "../delay/delay-line.js";
import { delayReads } from "../delay/delayed-reads.js";
import type { Address, Endpoint } from "../driver.js";
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

/** `way`: where to connect to reach the endpoint. */
export function openLink(endpoint: Endpoint, way: Address, events: LinkEvents, delay: DelayLine | null): Link {
  const socket = openSocket(endpoint, way, events, delay);
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

function openSocket(endpoint: Endpoint, way: Address, events: LinkEvents, delay: DelayLine | null): Socket {
  if (!endpoint.tls && delay === null) return leanSocket(way, events);
  const socket = endpoint.tls ? tlsSocket(endpoint, way, events) : tcpSocket(way, events);
  socket.on("data", (chunk: Buffer) => events.onData(chunk, chunk.length));
  if (delay !== null) delayReads(socket, delay);
  return socket;
}

/** Reads without an allocation: what it has read is gone with the next read, so it cannot be held back. */
function leanSocket({ host, port }: Address, events: LinkEvents): Socket {
  const socket = connectTcp({
    host,
    port,
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

function tcpSocket({ host, port }: Address, events: LinkEvents): Socket {
  const socket = connectTcp({ host, port, noDelay: true });
  socket.once("connect", events.onUp);
  return socket;
}

function tlsSocket(endpoint: Endpoint, way: Address, events: LinkEvents): Socket {
  const socket = connectTls({ host: way.host, port: way.port, ...tlsOptionsOf(endpoint, way) });
  socket.setNoDelay(true);
  socket.once("secureConnect", events.onUp);
  return socket;
}
