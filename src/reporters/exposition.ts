/** A figure as Prometheus knows it. Base units: seconds, ratios. */
export interface Metric<Of> {
  /** Without `qbench_`. */
  readonly name: string;
  readonly help: string;
  /** Only grows. */
  readonly isCounter?: true;
  readonly labels: readonly string[];
  samples(of: Of): readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** Nothing is written where nothing was measured. */
  readonly value: number | null | undefined;
}

export const nameOf = ({ name }: { readonly name: string }): string => `qbench_${name}`;

/** In Prometheus' text format. */
export async function exposition<Of>(metrics: readonly Metric<Of>[], of: Of): Promise<string> {
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  for (const metric of metrics) {
    const { help, labels } = metric;
    const samples = metric
      .samples(of)
      .flatMap(({ labels, value }) => (typeof value === "number" ? [{ labels, value }] : []));
    // Without labels it would be told as nought.
    if (samples.length === 0 && labels.length === 0) continue;
    const options = { name: nameOf(metric), help, labelNames: labels, registers: [registry] };
    if (metric.isCounter) {
      const counter = new Counter(options);
      for (const { labels, value } of samples) counter.inc(labels, value);
    } else {
      const gauge = new Gauge(options);
      for (const { labels, value } of samples) gauge.set(labels, value);
    }
  }
  return registry.metrics();
}

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";
