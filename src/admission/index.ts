import type { AdmissionDesign } from "./admission.js";
import { looped } from "./looped.js";
import { pipelined } from "./pipelined.js";
import { setEx } from "./set-ex.js";
import { sliced } from "./sliced.js";
import { tokenBucket } from "./token-bucket.js";
import { variadic } from "./variadic.js";
import { zsetToken } from "./zset-token.js";

/** Every design, in the order of tables and lists. A new one is a file and a line here. */
export const DESIGNS: readonly AdmissionDesign[] = [looped, variadic, setEx, zsetToken, sliced, pipelined, tokenBucket];

export const DESIGN_NAMES: readonly string[] = DESIGNS.map((design) => design.name);

/** The design of a name that was checked. @throws Error if there is none: a bug. */
export function designNamed(name: string): AdmissionDesign {
  const found = DESIGNS.find((design) => design.name === name);
  if (found === undefined) throw new Error(`no admission design ${name}`);
  return found;
}
