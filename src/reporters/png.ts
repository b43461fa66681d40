import { environmentError } from "../base/errors.js";
import { WIDTH_PX } from "../charts/svg.js";
import { pictureOf } from "./picture.js";
import type { Font, Reporter } from "./reporter.js";

/** Pixels for each unit of the drawing: sharp on the screens that people have. */
const SCALE = 2;

/** The same chart where a drawing is not taken. Its letters come from a font file: a program has none of its own. */
export const png: Reporter = {
  name: "png",
  summary: "the same chart as a picture, twice as large",
  endings: [".png"],
  takes: ["chart", "lang", "theme", "others"],
  needsFont: true,
  render: async (report, options) => pngOf(await pictureOf(report, options), options.font),
};

/** The drawing as a picture. @throws QbenchError (environment) where the machine lacks what it takes */
export async function pngOf(drawing: string, font: Font | undefined): Promise<Uint8Array> {
  if (font === undefined) throw new Error("a picture was asked for without a font");
  if (!font.hasHangul && /\p{Script=Hangul}/u.test(drawing)) {
    throw environmentError("this picture has Hangul in it, and no font of this machine has", HOW_TO_GET_HANGUL);
  }
  const { Resvg } = await rasterizer();
  return new Resvg(drawing, {
    fitTo: { mode: "width", value: WIDTH_PX * SCALE },
    font: {
      loadSystemFonts: false,
      fontFiles: [...font.files],
      defaultFontFamily: font.family,
      sansSerifFamily: font.family,
    },
  })
    .render()
    .asPng();
}

export const HOW_TO_GET_HANGUL =
  "install one: apt-get install fonts-nanum (Debian, Ubuntu); elsewhere NanumGothic or Noto Sans CJK";

async function rasterizer() {
  try {
    return await import("@resvg/resvg-js");
  } catch {
    throw environmentError(
      "the package that makes PNG (@resvg/resvg-js) has no build for this machine",
      "--format svg makes the same chart as a drawing",
    );
  }
}
