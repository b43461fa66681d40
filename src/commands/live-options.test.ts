import { expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import { liveOptions } from "./live-options.js";

it.each([
  [{}, {}, [null, null]],
  [{ ui: true }, {}, [0, null]],
  [{ ui: "8080", metricsPort: "0" }, {}, [8080, 0]],
  [{ ui: "0" }, { QBENCH_METRICS_PORT: "9464" }, [0, 9464]],
  [{ metricsPort: "1024" }, { QBENCH_METRICS_PORT: "9464", QBENCH_UI: "" }, [null, 1024]],
])("takes %j and the environment %j for %j", (opts, env, [uiPort, metricsPort]) => {
  expect(liveOptions(opts, env)).toEqual({ uiPort, metricsPort });
});

it.each([
  [
    { ui: "smoke" },
    {},
    '--ui: expected a port from 1024 to 65535, or 0 for a free one, got "smoke"',
    "name the scenario",
  ],
  [{ metricsPort: "80" }, {}, '--metrics-port: expected a port from 1024 to 65535, or 0 for a free one, got "80"'],
  [{ metricsPort: "-1" }, {}, 'got "-1"'],
  [{ metricsPort: "65536" }, {}, 'got "65536"'],
  [{ metricsPort: "1e4" }, {}, 'got "1e4"'],
  [{}, { QBENCH_UI: "1" }, "QBENCH_UI: expected a port"],
  [{ ui: "9464", metricsPort: "9464" }, {}, "--ui and --metrics-port are both 9464"],
  [{ ui: "x", metricsPort: "y" }, {}, '"x"\n  --metrics-port'],
])("refuses %j with the environment %j", (opts, env, message, hint = "") => {
  const refused = (() => {
    try {
      return liveOptions(opts, env);
    } catch (error) {
      return error;
    }
  })() as QbenchError;
  expect(refused).toBeInstanceOf(QbenchError);
  expect(refused.exitCode).toBe(2);
  expect(refused.message).toContain(message);
  expect(refused.hint ?? "").toContain(hint);
});
