/**
 * What the page of a report and the live page have in common: light and dark, and drawings that are put into the page as
 * JSON. FUNCTIONS and CALLED, the functions that charts name, are put in front of it.
 */

const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

const read = (id, reviver) => JSON.parse(document.getElementById(id).textContent, reviver);
const withFunctions = (key, value) =>
  CALLED.has(key) && typeof value === "string" && value.startsWith("@") ? FUNCTIONS[value.slice(1)] : value;
// biome-ignore lint/correctness/noUnusedVariables: the page that this is put in front of uses it
const drawings = read("charts", withFunctions);
// biome-ignore lint/correctness/noUnusedVariables: the same
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
