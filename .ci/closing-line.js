/** Prints "N passed, N failed" from the JSON that vitest wrote; a file that could not even be loaded counts as one. */
import { readFileSync } from "node:fs";

const text = readFileSync(process.argv[2], "utf8");
// Vitest that broke down before its end has written nothing.
const results = text === "" ? { success: false, numPassedTests: 0, testResults: [] } : JSON.parse(text);
const { success, numPassedTests, testResults } = results;
const failedIn = ({ status, assertionResults }) =>
  assertionResults.filter((test) => test.status === "failed").length || (status === "failed" ? 1 : 0);
const failed = testResults.reduce((sum, file) => sum + failedIn(file), 0) || (success ? 0 : 1);
console.log(`${numPassedTests} passed, ${failed} failed`);
if (failed > 0 || numPassedTests === 0) process.exitCode = 1;
