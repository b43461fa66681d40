import { createServer, type Socket } from "node:net";
import { parentPort } from "node:worker_threads";
import { nowUs } from "../base/clock.js";
import type { WireReply } from "../drivers/wire/reply.js";
import { RespParser } from "../drivers/wire/resp-parser.js";
import { encode, FakeData, type FakeReply } from "./fake-data.js";
import type { Behaviour, FromFake, ToFake } from "./fake-server.js";

/** The fake server's thread: reads commands, and writes each entry's reply when its delay is over. */
const port = parentPort!;
const say = (message: FromFake): void => port.postMessage(message);
const data = new FakeData();

let behaviour: Behaviour = { delaysUs: [0] };
let delaysUs: number[] = [];
let entries = 0;
let firstUs = 0;
let stalledUs = 0;

port.on("message", (message: ToFake) => {
  if (message.type === "tell") {
    say({ type: "told", recorded: { delaysUs, stalledUs } });
    return;
  }
  behaviour = message.behaviour;
  [delaysUs, entries, stalledUs] = [[], 0, 0];
  say({ type: "behaving" });
});

const server = createServer({ noDelay: true }, serve);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") say({ type: "listening", port: address.port });
});

function serve(socket: Socket): void {
  // Replies leave in the order of their commands, each when it is due.
  let lastDueUs = 0;
  const parser = new RespParser({
    onReply(request) {
      const words = wordsOf(request);
      const readUs = nowUs();
      const reply = data.answer(words);
      if (!FakeData.isEntry(words)) {
        write(socket, reply);
        return;
      }
      lastDueUs = Math.max(lastDueUs, dueUs(readUs));
      answerAt(lastDueUs, readUs, socket, reply);
    },
  });
  socket.on("data", (chunk) => parser.feed(chunk, chunk.length));
  socket.on("error", () => socket.destroy());
}

/** When the reply to an entry's command that was read now is due. */
function dueUs(readUs: number): number {
  if (entries === 0) firstUs = readUs;
  const delay = behaviour.delaysUs[entries % behaviour.delaysUs.length] ?? 0;
  entries++;
  const { afterMs, forMs } = behaviour.stall ?? { afterMs: 0, forMs: 0 };
  const fromUs = firstUs + afterMs * 1000;
  const untilUs = fromUs + forMs * 1000;
  const due = readUs + delay;
  return due >= fromUs && due < untilUs ? untilUs : due;
}

function answerAt(due: number, readUs: number, socket: Socket, reply: FakeReply): void {
  const waitMs = (due - nowUs()) / 1000;
  if (waitMs > 0) {
    setTimeout(() => answerAt(due, readUs, socket, reply), Math.ceil(waitMs));
    return;
  }
  const tookUs = nowUs() - readUs;
  delaysUs.push(tookUs);
  if (behaviour.stall !== undefined) stalledUs = Math.max(stalledUs, tookUs);
  write(socket, reply);
}

function write(socket: Socket, reply: FakeReply): void {
  if (!socket.destroyed) socket.write(encode(reply));
}

const wordsOf = (request: WireReply): string[] => (Array.isArray(request) ? request.map(String) : []);
