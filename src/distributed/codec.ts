import { promisify } from "node:util";
import { constants, deflateRaw, inflateRaw } from "node:zlib";
import { Packr } from "msgpackr";

/**
 * Messages as bytes: MessagePack keeps typed arrays, NaN and infinities as they are, and what it reads is data, never
 * code. Histograms and histories are mostly zeros, so they travel deflated.
 */
const packr = new Packr({ structuredClone: true, useRecords: false });
const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** A piece that unpacks to more is refused: nobody sends one. */
const MOST_BYTES = 256 * 1024 * 1024;

export const pack = (value: unknown): Buffer => packr.pack(value);

/** @throws Error if the bytes are no message */
export const unpack = (bytes: Buffer): unknown => packr.unpack(bytes);

export const compress = (bytes: Uint8Array): Promise<Buffer> => deflate(bytes, { level: constants.Z_BEST_SPEED });

/** @throws Error if the bytes are damaged, or too many */
export const decompress = (bytes: Buffer): Promise<Buffer> => inflate(bytes, { maxOutputLength: MOST_BYTES });
