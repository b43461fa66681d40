/** Adds up counts by kind; kinds in order of their names. */
export function totalOf(parts: readonly Readonly<Record<string, number | undefined>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const part of parts) {
    for (const [kind, n] of Object.entries(part)) total.set(kind, (total.get(kind) ?? 0) + (n ?? 0));
  }
  return Object.fromEntries([...total].sort(([a], [b]) => (a < b ? -1 : 1)));
}
