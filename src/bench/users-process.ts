import { heldMemory } from "./held-memory.js";

/**
 * A process that holds so many virtual users and says what they take, started by users.ts: the arguments are their
 * number, the port of a server, and the run whose keys it may make.
 */
const LEAST_ENTRIES = 200_000;

const [users, port] = process.argv.slice(2, 4).map(Number) as [number, number];
const runId = process.argv[4] as string;
const entries = Math.max(4 * users, LEAST_ENTRIES);
const looks = await heldMemory({ users, entries, lookEvery: entries, historyBytes: 0, port, runId });
if (looks[0] === undefined) throw new Error(`the ${users} users were never all in progress`);
console.log(JSON.stringify(looks[0]));
