/** How much of a trial is audited: every user's history while it fits its memory, numbers alone, or nothing. */
export const AUDITS = ["full", "counts", "off"] as const;
export type AuditDepth = (typeof AUDITS)[number];
