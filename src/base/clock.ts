/**
 * The monotonic clock of this thread, in microseconds with a fraction. Its zero differs from thread to thread: never
 * compare raw values across threads or hosts.
 */
export const nowUs = (): number => performance.now() * 1000;

/** The same clock with one zero for all threads of this process: for instants that one thread sets for another. */
export const sharedNowUs = (): number => Number(process.hrtime.bigint()) / 1000;
