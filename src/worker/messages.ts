import type { ErrorKind } from "../base/errors.js";
import type { Client, DriverOptions } from "../drivers/driver.js";
import type { LuaFile } from "../strategies/index.js";
import type { Segment, SegmentResult } from "./segment.js";

/** What a thread is started with. */
export interface ThreadData {
  readonly index: number;
  /** See live-counters.ts. */
  readonly memory: SharedArrayBuffer;
  /** See pace-board.ts; null: nothing is paced. */
  readonly paceMemory: SharedArrayBuffer | null;
  readonly client: Client;
  readonly driver: DriverOptions;
  /** Strategies beside those of the registry. */
  readonly luaFiles: readonly LuaFile[];
}

export type ToThread =
  | { readonly type: "prepare"; readonly segment: Segment }
  | { readonly type: "abort" }
  | { readonly type: "close" };

export type FromThread =
  | { readonly type: "opened" }
  | { readonly type: "prepared" }
  | { readonly type: "result"; readonly result: SegmentResult }
  | { readonly type: "closed" }
  | {
      readonly type: "failed";
      readonly kind: ErrorKind;
      readonly exitCode: number;
      readonly message: string;
      readonly hint: string | undefined;
    };
