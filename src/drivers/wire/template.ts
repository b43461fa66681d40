import type { ConcertKeys } from "../../queue/keys.js";
import { type Batch, type Piece, SLOT_WIDTH, type Slot, wordsOf } from "../../strategies/command.js";

/**
 * A batch encoded once for a concert: the bytes of all its commands with zeros where the slots are. Slots have a fixed
 * width, so an entry is a copy and a few digits; measured at a tenth of building strings for each entry.
 */
export interface Template {
  readonly bytes: Uint8Array;
  readonly userAt: Int32Array;
  readonly timestampAt: Int32Array;
  readonly carriedAt: Int32Array;
}

export function compileTemplate(batch: Batch, keys: ConcertKeys): Template {
  const places: Record<Slot, number[]> = { user: [], timestamp: [], carried: [] };
  let text = "";
  for (const command of batch.commands) {
    const words = wordsOf(command, keys);
    text += `*${words.length}\r\n`;
    for (const word of words) {
      text += `$${word.reduce((bytes, piece) => bytes + widthOf(piece), 0)}\r\n`;
      for (const piece of word) {
        if (typeof piece === "string") {
          text += piece;
        } else {
          places[piece.slot].push(text.length);
          text += "0".repeat(SLOT_WIDTH[piece.slot]);
        }
      }
      text += "\r\n";
    }
  }
  return {
    bytes: Buffer.from(text, "latin1"),
    userAt: Int32Array.from(places.user),
    timestampAt: Int32Array.from(places.timestamp),
    carriedAt: Int32Array.from(places.carried),
  };
}

const widthOf = (piece: Piece): number => (typeof piece === "string" ? piece.length : SLOT_WIDTH[piece.slot]);

/** Writes `value` in decimal into the `width` bytes at `at`, padded with zeros. */
export function writeDigits(bytes: Uint8Array, at: number, width: number, value: number): void {
  let rest = value;
  let place = at + width - 1;
  // Numbers above 31 bits lose the fast integer division: peel digits in two halves.
  if (rest > 0x7fffffff) {
    const high = Math.floor(rest / 1e7);
    let low = (rest - high * 1e7) | 0;
    for (let i = 0; i < 7 && place >= at; i++) {
      const next = (low / 10) | 0;
      bytes[place--] = 48 + low - next * 10;
      low = next;
    }
    rest = high;
  }
  let small = rest | 0;
  while (place >= at) {
    const next = (small / 10) | 0;
    bytes[place--] = 48 + small - next * 10;
    small = next;
  }
}
