import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "bin/**/*.test.{js,ts}"],
    // Whole-program tests run the built command, and servers start and stop: two cores carry two files at a time.
    maxWorkers: 2,
    // Bounds, not expectations: a loaded machine may take many times as long as an idle one.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    globalSetup: ["./bin/vitest-setup.js"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts", "src/**/testing.ts", "src/**/testing/**"],
      reporter: ["text-summary", "html"],
    },
  },
});
