/**
 * Functions that a chart's option names. They run here for a picture and in the browser for the page, which gets them
 * by their source: each must stand alone, without anything from outside of itself.
 */

/** Entries a second on an axis: 20k. */
function rate(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)));
}

/** Microseconds in the unit that people would choose. */
function latency(us: number): string {
  if (us === 0) return "0";
  // Greek mu: Korean fonts have no micro sign.
  if (us < 1000) return `${Number(us.toPrecision(3))} μs`;
  return us < 1e6 ? `${Number((us / 1000).toPrecision(3))} ms` : `${Number((us / 1e6).toPrecision(3))} s`;
}

/** 1 / (1 − share) as the percentile that it stands for: 100 → 99 %. */
function percentile(value: number): string {
  return `${Number((100 - 100 / value).toFixed(6))} %`;
}

/** The same for what is pointed at. */
function percentileAt({ value }: { value: number }): string {
  return `${(100 - 100 / value).toPrecision(5)} %`;
}

function percent(value: number): string {
  return `${Number((value * 100).toPrecision(3))} %`;
}

function times(value: number): string {
  return `×${Number(value.toPrecision(3))}`;
}

function second(value: number): string {
  return `${value} s`;
}

interface DrawApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
  visual(name: "color"): string;
}

/** A whisker from low to high, lying or standing; data are [low, high, place on the other axis, shift in px, is it standing]. */
function whisker(_: unknown, api: DrawApi): object {
  const standing = api.value(4) === 1;
  const place = api.value(2);
  const ends = [api.value(0), api.value(1)].map((value) => api.coord(standing ? [place, value] : [value, place]));
  const [from, to] = ends.map(([x, y]) => (standing ? { along: y, across: x } : { along: x, across: y })) as [
    { along: number; across: number },
    { along: number; across: number },
  ];
  const across = from.across + api.value(3);
  const line = (along1: number, across1: number, along2: number, across2: number): object => ({
    type: "line",
    shape: standing
      ? { x1: across1, y1: along1, x2: across2, y2: along2 }
      : { x1: along1, y1: across1, x2: along2, y2: across2 },
    style: { stroke: api.visual("color"), lineWidth: 1.5 },
  });
  return {
    type: "group",
    children: [
      line(from.along, across, to.along, across),
      line(from.along, across - 5, from.along, across + 5),
      line(to.along, across - 5, to.along, across + 5),
    ],
  };
}

export const FUNCTIONS = { rate, latency, percentile, percentileAt, percent, times, second, whisker };

/** Keys whose values never hold text from outside. */
const CALLED = new Set(["formatter", "valueFormatter", "renderItem"]);

/** The option with the functions in the place of their names. */
export function withFunctions(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    const name = value.slice(1) as keyof typeof FUNCTIONS;
    return CALLED.has(key) && value.startsWith("@") ? FUNCTIONS[name] : value;
  }
  if (Array.isArray(value)) return value.map((one) => withFunctions(one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([inner, one]) => [inner, withFunctions(one, inner)]));
}

/** The same for a browser: `FUNCTIONS` and `CALLED` as source. */
export function functionsSource(): string {
  const each = Object.entries(FUNCTIONS).map(([name, one]) => `  ${name}: ${one.toString()}`);
  return `const CALLED = new Set(${JSON.stringify([...CALLED])});\nconst FUNCTIONS = {\n${each.join(",\n")}\n};`;
}
