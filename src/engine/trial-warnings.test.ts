import { describe, expect, it } from "vitest";
import { readingWarnings } from "./trial-warnings.js";

describe("positions that were to be read from replicas", () => {
  const read = (sentToPrimary: number, sentToReplica: number) => ({
    reads: { succeeded: 0, failed: 0, nowhere: 0, sentToPrimary, sentToReplica },
  });
  const asked = { pollBy: "replica", pollEvery: "adaptive" } as const;

  it("are warned of as far as primaries were asked", () => {
    expect(readingWarnings(asked, [read(0, 40), read(0, 2)])).toEqual([]);
    expect(readingWarnings(asked, [read(3, 40), read(4, 2)])).toMatchObject([
      { code: "read-at-primaries", message: expect.stringMatching(/^7 of 49 positions/) },
    ]);
  });

  it("are none where the primary was to be asked, or nobody asks", () => {
    expect(readingWarnings({ ...asked, pollBy: "read" }, [read(7, 0)])).toEqual([]);
    expect(readingWarnings({ ...asked, pollEvery: null }, [read(7, 0)])).toEqual([]);
  });
});
