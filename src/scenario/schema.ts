import * as z from "zod";
import { type AnyOption, fallbackTextOf, OPTION_LIST } from "./options.js";
import { text, type ValueType } from "./values.js";

/**
 * What a scenario may say, from whichever source: the file, the environment or the flags. Keys are the long flags.
 * Nothing is required; defaults are filled in after the sources are merged.
 */
export const scenarioSchema = z.strictObject({
  name: field(text(60), "Name in tables and reports; the file's name if left out."),
  description: field(text(500), "What this scenario is for, shown by `qbench list scenarios`."),
  ...Object.fromEntries(OPTION_LIST.map((option) => [option.flag, field(option.type, describe(option))])),
});

/** Values read, by flag. */
export type Values = Readonly<Record<string, unknown>>;

function field<T>(type: ValueType<T>, description: string) {
  return z
    .unknown()
    .transform((raw, context) => {
      const value = type.read(raw, (message, path = []) =>
        context.addIssue({ code: "custom", message, path: [...path], input: raw }),
      );
      return value ?? z.NEVER;
    })
    .optional()
    .meta({ description, ...type.jsonSchema });
}

function describe(option: AnyOption): string {
  return `${option.help[0]?.toUpperCase()}${option.help.slice(1)}. Default: ${fallbackTextOf(option)}.`;
}

/** The JSON Schema of a scenario file, for editors: `scenarios/scenario.schema.json`. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(scenarioSchema, { io: "input", target: "draft-07" });
  return { $schema, title: "qbench scenario", ...schema };
}
