import { execute, isOnPath, type ProvisionContext, type Way } from "./commands.js";

interface PackageManager {
  readonly program: string;
  readonly isVerified: boolean;
  /** Tried in this order: some systems have one, some the other. */
  readonly packages: readonly string[];
  readonly refresh: readonly string[] | undefined;
  readonly install: readonly string[];
}

const MANAGERS: readonly PackageManager[] = [
  {
    program: "apt-get",
    isVerified: true,
    packages: ["redis-server", "valkey-server"],
    refresh: ["update", "-qq"],
    install: ["install", "-y", "-qq", "--no-install-recommends"],
  },
  ...unverified("dnf", ["valkey", "redis"], ["install", "-y"]),
  ...unverified("yum", ["valkey", "redis"], ["install", "-y"]),
  ...unverified("apk", ["redis", "valkey"], ["add", "--no-cache"]),
  ...unverified("pacman", ["valkey", "redis"], ["-Sy", "--noconfirm", "--needed"]),
  ...unverified("zypper", ["redis", "valkey"], ["--non-interactive", "install"]),
];

function unverified(program: string, packages: readonly string[], install: readonly string[]): PackageManager[] {
  return [{ program, isVerified: false, packages, refresh: undefined, install }];
}

/** Nothing asks, and no service is started: the program is wanted, not a server on the default port. */
const QUIETLY = { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1", RUNLEVEL: "1", SYSTEMD_OFFLINE: "1" };

const wayOf = (manager: PackageManager): Way => ({
  name: manager.program,
  isVerified: manager.isVerified,
  isPossible: (context) => context.isRoot && context.platform === "linux" && isOnPath(manager.program, context),
  run: (context) => install(manager, context),
});

async function install(manager: PackageManager, context: ProvisionContext): Promise<void> {
  const env = { ...context.env, ...QUIETLY };
  // Stale lists often still do, and where they do not, installing says so better.
  if (manager.refresh !== undefined) await execute(manager.program, manager.refresh, { env }).catch(() => {});
  let failure: unknown;
  for (const name of manager.packages) {
    try {
      await execute(manager.program, [...manager.install, name], { env });
      return;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** For root: the system's own package manager. */
export const systemPackages: readonly Way[] = MANAGERS.map(wayOf);

/** For an ordinary user of macOS. */
export const homebrew: Way = {
  name: "brew",
  isVerified: false,
  isPossible: (context) => !context.isRoot && isOnPath("brew", context),
  async run(context) {
    await execute("brew", ["install", "redis"], { env: { ...context.env, HOMEBREW_NO_AUTO_UPDATE: "1" } });
  },
};
