import { readFileSync } from "node:fs";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files may follow one another in one process, and load the modules once; but for those that change its environment, or
 * measure what it holds.
 */
const ALONE = [
  "bin/bench-audit.test.ts",
  "src/bench/bench.test.ts",
  "src/targets/access.test.ts",
  "src/targets/target.test.ts",
];

/** Files that run the whole program take longest: they begin, so that none of them is left over at the end. */
class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const runsPrograms = ({ moduleId }: TestSpecification): boolean =>
      /testing\/(?:program|site)\.js|bin\/qbench\.js/.test(readFileSync(moduleId, "utf8"));
    return [...sorted.filter(runsPrograms), ...sorted.filter((file) => !runsPrograms(file))];
  }
}

const all = ["src/**/*.test.ts", "bin/**/*.test.{js,ts}"];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: "shared", include: all, exclude: [...configDefaults.exclude, ...ALONE], isolate: false },
      },
      { extends: true, test: { name: "alone", include: ALONE } },
    ],
    sequence: { sequencer: ProgramsFirst },
    // Whole-program tests wait for a third of their time: two cores carry three files at once.
    maxWorkers: 3,
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
