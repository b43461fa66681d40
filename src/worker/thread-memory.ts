import type { ThreadMemory } from "./segment.js";

/** What this thread holds, and by how much that is more than `beforeBytes`. */
export function threadMemory(beforeBytes = 0): ThreadMemory {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    heapUsedBytes: heapUsed,
    arrayBuffersBytes: arrayBuffers,
    grownBytes: heapUsed + arrayBuffers - beforeBytes,
  };
}
