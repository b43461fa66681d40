import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const text = readFileSync(new URL("../docs/kubernetes/agents.yaml", import.meta.url), "utf8");
const documents = parseAllDocuments(text).map((one) => one.toJS());
const named = (kind, name) => documents.find((one) => one.kind === kind && one.metadata.name === name);
const agents = named("Job", "qbench-agents").spec;
const controller = named("Job", "qbench-controller").spec;
const argsOf = ({ template }) => template.spec.containers[0].args;

test.each(documents.map((one) => [`${one.kind} ${one.metadata.name}`, one]))(
  "%s is valid by the published schema",
  async (_, document) => {
    const schemas = `kubernetes-models/${document.apiVersion}`;
    const models = await import(/* @vite-ignore */ schemas);
    expect(() => new models[document.kind](document).validate()).not.toThrow();
    expect(() => new models[document.kind]({ ...document, spec: 1, stringData: 1 }).validate()).toThrow();
  },
);

test("there are as many agents as the controller waits for, and they may load its server and no other", () => {
  expect([agents.completions, agents.parallelism, agents.completionMode]).toEqual([4, 4, "Indexed"]);
  expect(argsOf(controller)).toContain(`--agents=${agents.completions}`);
  const allowed = argsOf(agents)[argsOf(agents).indexOf("--allow-target") + 1];
  expect(argsOf(controller)).toContain(`--url=redis://${allowed}`);
});

test("the controller's log is its report and nothing else", () => {
  expect(argsOf(controller)).toEqual(expect.arrayContaining(["--json", "--quiet"]));
});

test("an image gets nothing that this machine has made for itself", () => {
  const lines = (name) =>
    readFileSync(new URL(`../${name}`, import.meta.url), "utf8")
      .trim()
      .split("\n");
  const made = lines(".gitignore").filter((line) => !line.startsWith("!"));
  for (const line of made) expect(lines(".dockerignore")).toContain(line.replace(/\/\*?$/, ""));
  expect(lines(".dockerignore")).toContain(".git");
});

test("the control Redis is reached by its service, with its password, by both", () => {
  const { stringData } = named("Secret", "qbench-control");
  expect(stringData.url).toBe(
    `redis://:${stringData.password}@${named("Service", "qbench-control").metadata.name}:6379`,
  );
  for (const { template } of [agents, controller]) {
    const { env } = template.spec.containers[0];
    expect(env).toContainEqual({
      name: "QBENCH_CONTROL",
      valueFrom: { secretKeyRef: { name: "qbench-control", key: "url" } },
    });
  }
});
