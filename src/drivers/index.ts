import type { DelayLine } from "./delay/delay-line.js";
import type { Client, Driver, DriverEvents, DriverOptions } from "./driver.js";
import { IoredisDriver } from "./ioredis/ioredis-driver.js";
import { WireDriver } from "./wire/wire-driver.js";

/** `--client` by name. */
export const DRIVERS: Readonly<
  Record<Client, new (options: DriverOptions, events: DriverEvents, delay?: DelayLine | null) => Driver>
> = {
  wire: WireDriver,
  ioredis: IoredisDriver,
};
