import { build } from "./build.js";

/** Whole-program tests run what is in dist/: bring it up to date, also where vitest is started by hand. */
export default function setup() {
  try {
    build((line) => console.error(`qbench: ${line}`));
  } catch (error) {
    // Tests of a part must be possible while another part does not compile; `npm test` builds first and insists.
    console.error(`qbench: the tests meet an older build. ${error.message}`);
  }
}
