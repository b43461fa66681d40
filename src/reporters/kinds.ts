import type { z } from "zod";
import { usageError } from "../base/errors.js";
import { admitReportSchema } from "../report/admit.js";
import { doctorReportSchema } from "../report/doctor.js";
import { printable } from "../report/format.js";
import { microReportSchema } from "../report/micro.js";
import { predictReportSchema } from "../report/predict.js";
import { bodyOf, type ReportDocument } from "../report/read.js";
import { roadmapReportSchema } from "../report/roadmap.js";
import { selftestReportSchema } from "../report/selftest.js";
import { renderAdmitCsv, renderAdmitMarkdown, renderAdmitTable } from "./admit-text.js";
import { csv } from "./csv.js";
import { renderDoctor } from "./doctor-text.js";
import { json } from "./json.js";
import { markdown } from "./markdown.js";
import { renderMicroTable } from "./micro-table.js";
import { renderPredictCsv, renderPredictMarkdown, renderPredictTable } from "./predict-text.js";
import { renderRoadmapMarkdown, renderRoadmapTable } from "./roadmap-text.js";
import { renderSelftest } from "./selftest-text.js";
import { table } from "./table.js";

type Options = { readonly color: boolean };
/** How a report of another command than `run` reads, by the formats that it has. */
type Rendering = ReadonlyMap<string, (options: Options) => string>;
type Kind = (document: ReportDocument) => Rendering | undefined;

/** `render`: as a table; `others`: in further formats, by name. JSON is there always. */
function kind<Report extends object>(
  schema: z.ZodType<Report>,
  render: (report: Report, options: Options) => string,
  others: Readonly<Record<string, (report: Report) => string>> = {},
): Kind {
  return (document) => {
    const report = bodyOf<Report>(document, schema);
    if (report === undefined) return undefined;
    return new Map<string, (options: Options) => string>([
      [table.name, (options) => render(report, options)],
      [json.name, () => `${JSON.stringify(report, null, 2)}\n`],
      ...Object.entries(others).map(([name, of]) => [name, () => of(report)] as const),
    ]);
  };
}

/** By the command that makes it. A new one is a line here. */
const KINDS = new Map<string, Kind>([
  [
    "admit",
    kind(admitReportSchema, renderAdmitTable, { [markdown.name]: renderAdmitMarkdown, [csv.name]: renderAdmitCsv }),
  ],
  ["micro", kind(microReportSchema, renderMicroTable)],
  [
    "predict",
    kind(predictReportSchema, renderPredictTable, {
      [markdown.name]: renderPredictMarkdown,
      [csv.name]: renderPredictCsv,
    }),
  ],
  ["roadmap", kind(roadmapReportSchema, renderRoadmapTable, { [markdown.name]: renderRoadmapMarkdown })],
  ["doctor", kind(doctorReportSchema, renderDoctor)],
  ["selftest", kind(selftestReportSchema, renderSelftest)],
]);

/**
 * Renders a report of another command than `run`.
 * @returns undefined if there is nothing here for its kind
 * @throws QbenchError (usage) if it is not valid, or the format is not for it
 */
export function renderKind(document: ReportDocument, format: string, options: Options): string | undefined {
  const rendering = KINDS.get(document.kind)?.(document);
  if (rendering === undefined) return undefined;
  const render = rendering.get(format);
  if (render === undefined) {
    throw usageError(
      `${printable(document.path, 300)} is a report of qbench ${document.kind}, which has no ${format} form`,
      `formats are ${[...rendering.keys()].join(", ")}`,
    );
  }
  return render(options);
}
