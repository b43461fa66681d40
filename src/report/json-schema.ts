import * as z from "zod";
import { admitReportSchema } from "./admit.js";
import { capacityReportSchema } from "./capacity.js";
import { doctorReportSchema } from "./doctor.js";
import { gateReportSchema } from "./gate.js";
import { microReportSchema } from "./micro.js";
import { predictReportSchema } from "./predict.js";
import { roadmapReportSchema } from "./roadmap.js";
import { failureReportSchema, runReportSchema } from "./schema.js";
import { selftestReportSchema } from "./selftest.js";
import { sweepReportSchema } from "./sweep.js";

/** JSON Schema (draft 2020-12) of every report, and of a failure; shipped as docs/report.schema.json. */
export function reportJsonSchema(): object {
  const either = z
    .union([
      runReportSchema,
      gateReportSchema,
      sweepReportSchema,
      capacityReportSchema,
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
