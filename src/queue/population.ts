/** Users that set-up puts into each concert: 0 … waiting − 1 wait in that order, the next `active` ones hold tokens. */
export interface Population {
  readonly waiting: number;
  readonly active: number;
}
