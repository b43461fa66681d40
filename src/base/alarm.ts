/** Calls back at an instant of the thread's clock; the last one set counts. It may ring too early, and a little late. */
export interface Alarm {
  set(dueUs: number): void;
  cancel(): void;
}
