import type { DelayLine } from "./delay/delay-line.js";
import type { Client, Driver, DriverEvents, DriverOptions } from "./driver.js";

export type DriverClass = new (options: DriverOptions, events: DriverEvents, delay?: DelayLine | null) => Driver;

/** `--client` by name. Loaded when it is used: a thread that writes to its sockets by itself needs no library for that. */
export const DRIVERS: Readonly<Record<Client, () => Promise<DriverClass>>> = {
  wire: async () => (await import("./wire/wire-driver.js")).WireDriver,
  ioredis: async () => (await import("./ioredis/ioredis-driver.js")).IoredisDriver,
};
