import type { z } from "zod";
import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { admitReportSchema } from "../report/admit.js";
import { type CapacityReport, capacityReportSchema } from "../report/capacity.js";
import { doctorReportSchema } from "../report/doctor.js";
import { microReportSchema } from "../report/micro.js";
import { predictReportSchema } from "../report/predict.js";
import { bodyOf, type ReportDocument } from "../report/read.js";
import { type RoadmapReport, roadmapReportSchema } from "../report/roadmap.js";
import { selftestReportSchema } from "../report/selftest.js";
import { type SweepReport, sweepReportSchema } from "../report/sweep.js";
import { renderAdmitCsv, renderAdmitMarkdown, renderAdmitTable } from "./admit-text.js";
import { renderCapacityCsv, renderCapacityMarkdown, renderCapacityTable } from "./capacity-text.js";
import { csv } from "./csv.js";
import { renderDoctor } from "./doctor-text.js";
import { REPORTER_NAMES, REPORTERS } from "./index.js";
import { json } from "./json.js";
import { markdown } from "./markdown.js";
import { renderMicroTable } from "./micro-table.js";
import { roadmapPictureOf, sweepPictureOf } from "./picture.js";
import { png, pngOf } from "./png.js";
import { renderPredictCsv, renderPredictMarkdown, renderPredictTable } from "./predict-text.js";
import type { Rendered, RenderOptions } from "./reporter.js";
import { renderRoadmapMarkdown, renderRoadmapTable } from "./roadmap-text.js";
import { renderSelftest } from "./selftest-text.js";
import { svg } from "./svg.js";
import { renderSweepCsv, renderSweepMarkdown, renderSweepTable } from "./sweep-text.js";
import { table } from "./table.js";

type Render = (options: RenderOptions) => Rendered | Promise<Rendered>;
/** How a report of another command than `run` reads, by the formats that it has. */
type Rendering = ReadonlyMap<string, Render>;
interface Kind {
  /** Names of its formats. */
  readonly formats: readonly string[];
  of(document: ReportDocument): Rendering | undefined;
}

/** `render`: as a table; `others`: in further formats, by name. JSON is there always. */
function kind<Report extends object>(
  schema: z.ZodType,
  render: (report: Report, options: RenderOptions) => string,
  others: Readonly<Record<string, (report: Report, options: RenderOptions) => Rendered | Promise<Rendered>>> = {},
): Kind {
  return {
    formats: [table.name, json.name, ...Object.keys(others)],
    of(document) {
      const report = bodyOf<Report>(document, schema);
      if (report === undefined) return undefined;
      return new Map<string, Render>([
        [table.name, (options) => render(report, options)],
        [json.name, () => `${JSON.stringify(report, null, 2)}\n`],
        ...Object.entries(others).map(([name, of]) => [name, (options: RenderOptions) => of(report, options)] as const),
      ]);
    },
  };
}

/** The formats of a report that has charts. */
const pictures = <Report>(pictureOf: (report: Report, options: RenderOptions) => Promise<string>) => ({
  [svg.name]: pictureOf,
  [png.name]: async (report: Report, options: RenderOptions) => pngOf(await pictureOf(report, options), options.font),
});

/** By the command that makes it. A new one is a line here. */
const KINDS = new Map<string, Kind>([
  [
    "admit",
    kind(admitReportSchema, renderAdmitTable, { [markdown.name]: renderAdmitMarkdown, [csv.name]: renderAdmitCsv }),
  ],
  [
    "sweep",
    kind<SweepReport>(sweepReportSchema, renderSweepTable, {
      [markdown.name]: renderSweepMarkdown,
      [csv.name]: renderSweepCsv,
      ...pictures(sweepPictureOf),
    }),
  ],
  [
    "capacity",
    kind<CapacityReport>(capacityReportSchema, renderCapacityTable, {
      [markdown.name]: renderCapacityMarkdown,
      [csv.name]: renderCapacityCsv,
    }),
  ],
  ["micro", kind(microReportSchema, renderMicroTable)],
  [
    "predict",
    kind(predictReportSchema, renderPredictTable, {
      [markdown.name]: renderPredictMarkdown,
      [csv.name]: renderPredictCsv,
    }),
  ],
  [
    "roadmap",
    kind<RoadmapReport>(roadmapReportSchema, renderRoadmapTable, {
      [markdown.name]: renderRoadmapMarkdown,
      ...pictures(roadmapPictureOf),
    }),
  ],
  ["doctor", kind(doctorReportSchema, renderDoctor)],
  ["selftest", kind(selftestReportSchema, renderSelftest)],
]);

/** Names of the formats that there are of a report, by the command that makes it. */
export const FORMATS_BY_KIND: ReadonlyMap<string, readonly string[]> = new Map([
  ["run", REPORTER_NAMES],
  ["gate", REPORTERS.filter(({ renderGate }) => renderGate !== undefined).map(({ name }) => name)],
  ...[...KINDS].map(([name, { formats }]) => [name, formats] as const),
]);

/** How the names of files end that hold a report of the command `kind`. */
export function endingsOf(kind: string): string[] {
  const formats = FORMATS_BY_KIND.get(kind) ?? [];
  return REPORTERS.filter(({ name }) => formats.includes(name)).flatMap(({ endings }) => endings);
}

/**
 * Renders a report of another command than `run`.
 * @returns undefined if there is nothing here for its kind
 * @throws QbenchError (usage) if it is not valid, or the format is not for it
 */
export function renderKind(
  document: ReportDocument,
  format: string,
  options: RenderOptions,
): Rendered | Promise<Rendered> | undefined {
  const rendering = KINDS.get(document.kind)?.of(document);
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
