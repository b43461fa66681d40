import type { ErrorKind } from "../base/errors.js";
import type { Client, DriverOptions, Rtt } from "../drivers/driver.js";
import type { LuaFile } from "../strategies/lua-file.js";
import type { Segment, SegmentResult } from "./segment.js";

/** What a thread is started with. */
export interface ThreadData {
  readonly index: number;
  /** See live-counters.ts. */
  readonly memory: SharedArrayBuffer;
  /** See pace-board.ts; null: nothing is paced. */
  readonly paceMemory: SharedArrayBuffer | null;
  readonly client: Client;
  /** Added to every round trip; then there is a `paceMemory`, with one more waker for each instance. */
  readonly rtt: Rtt | null;
  readonly driver: DriverOptions;
  /** Strategies beside those of the registry. */
  readonly luaFiles: readonly LuaFile[];
}

/** What the pacing thread is started with. */
export interface PacingData {
  readonly memory: SharedArrayBuffer;
  /** It wakes threads for delayed replies, which are too many and too soon to be waited for roughly. */
  readonly isDelayed: boolean;
}

export type ToThread =
  | { readonly type: "prepare"; readonly segment: Segment }
  | { readonly type: "abort"; readonly isServerLost: boolean };

export type FromThread =
  | { readonly type: "opened" }
  | { readonly type: "prepared" }
  | { readonly type: "result"; readonly result: SegmentResult }
  | {
      readonly type: "failed";
      readonly kind: ErrorKind;
      readonly exitCode: number;
      readonly message: string;
      readonly hint: string | undefined;
    };
