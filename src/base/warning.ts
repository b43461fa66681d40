/** A typed note on validity, stored in the report. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}
