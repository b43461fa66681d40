/**
 * The monotonic clock of this thread, in microseconds with a fraction. Its zero differs from thread to thread: never
 * compare raw values across threads or hosts.
 */
export const nowUs = (): number => performance.now() * 1000;
