/** Trends in noisy figures. Pure. */

/** Slope of the least-squares line through points (x, y); null through fewer than two. */
export function slopeOf(points: readonly (readonly [number, number])[]): number | null {
  if (points.length < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return variance === 0 ? null : covariance / variance;
}

/** Of each `size` items in a row the one with the least figure; a last group that is not full is left out. */
export function leastOf<T>(items: readonly T[], size: number, of: (item: T) => number): { item: T; least: number }[] {
  return Array.from({ length: Math.floor(items.length / size) }, (_, group) => {
    const members = items.slice(group * size, (group + 1) * size);
    const item = members.reduce((least, one) => (of(one) < of(least) ? one : least));
    return { item, least: of(item) };
  });
}
