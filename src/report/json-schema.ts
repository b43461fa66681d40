import { z } from "zod";
import { admitReportSchema } from "./admit.js";
import { doctorReportSchema } from "./doctor.js";
import { gateReportSchema } from "./gate.js";
import { microReportSchema } from "./micro.js";
import { predictReportSchema } from "./predict.js";
import { roadmapReportSchema } from "./roadmap.js";
import { failureReportSchema, runReportSchema } from "./schema.js";
import { selftestReportSchema } from "./selftest.js";

/** JSON Schema (draft 2020-12) of every report, and of a failure; shipped as docs/report.schema.json. */
export function reportJsonSchema(): object {
  const either = z
    .union([
      runReportSchema,
      gateReportSchema,
      admitReportSchema,
      microReportSchema,
      predictReportSchema,
      roadmapReportSchema,
      doctorReportSchema,
      selftestReportSchema,
      failureReportSchema,
    ])
    .meta({ title: "qbench report, schemaVersion 1" });
  return z.toJSONSchema(either, { io: "input" });
}
