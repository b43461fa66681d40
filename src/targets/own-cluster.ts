import type { Redis } from "ioredis";
import type { Endpoint } from "../drivers/driver.js";
import { slotsEntries } from "../drivers/slot-map.js";
import type { Reply } from "../strategies/strategy.js";
import { connectControl } from "./control.js";
import type { OwnServer } from "./own-server.js";
import { primariesNow } from "./primaries.js";
import { type Deadline, until } from "./until.js";

/** An embedded cluster as processes to which things happen, and which are put in order again between two trials. */
export interface ClusterNode {
  readonly endpoint: Endpoint;
  readonly server: OwnServer;
  /** Of the cluster bus. */
  readonly busPort: number;
}

const REPAIR_WITHIN_MS = 30_000;

export class OwnCluster {
  readonly nodes: readonly ClusterNode[];
  readonly #control: Redis;
  readonly #dead = new Set<ClusterNode>();

  /** `control`: of the whole cluster. */
  constructor(nodes: readonly ClusterNode[], control: Redis) {
    this.nodes = nodes;
    this.#control = control;
  }

  /** The node behind a primary's control connection. @throws Error if it is none of ours: a bug. */
  nodeOf(primary: Redis): ClusterNode {
    const found = this.nodes.find(({ endpoint }) => endpoint.port === primary.options.port);
    if (found === undefined) throw new Error(`no node of this cluster has port ${primary.options.port}`);
    return found;
  }

  /** By SIGKILL: its replica, if it has one, takes its place after a while. */
  async kill(node: ClusterNode): Promise<void> {
    this.#dead.add(node);
    await node.server.kill();
  }

  /**
   * Starts what was killed again, with nothing in it, as a replica of a primary that has too few. Call it outside the measured time.
   * @throws QbenchError (environment) if the cluster does not come to order.
   */
  async repair(): Promise<void> {
    const deadline: Deadline = {
      atMs: performance.now() + REPAIR_WITHIN_MS,
      message: `the cluster did not come to order within ${REPAIR_WITHIN_MS / 1000} s after one of its nodes was killed`,
      hint: "is this machine very busy? A longer --duration leaves more time for the failover",
    };
    for (const node of this.#dead) {
      await until(deadline, async () =>
        (await primariesNow(this.#control)).every(({ options }) => options.port !== node.endpoint.port),
      );
      await this.#forget(node.endpoint);
      await node.server.start();
      this.#dead.delete(node);
      await this.#join(node, deadline);
    }
  }

  /** Who was there before is another node than the one to come, though at the same address. */
  async #forget({ port }: Endpoint): Promise<void> {
    await this.#onEachNode(async (control) => {
      const known = String(await control.call("CLUSTER", "NODES")).split("\n");
      const former = known.filter((line) => line.includes(`:${port}@`)).map((line) => line.split(" ")[0]!);
      // A replica does not forget its own primary; by now it has another one.
      for (const id of former) await control.call("CLUSTER", "FORGET", id).catch(() => {});
    });
  }

  async #join({ endpoint, busPort }: ClusterNode, deadline: Deadline): Promise<void> {
    const [primary] = await primariesNow(this.#control);
    await primary!.call("CLUSTER", "MEET", endpoint.host, endpoint.port, busPort);
    const joining = await connectControl(endpoint);
    try {
      const lonely = await this.#primaryWithFewestReplicas();
      await until(deadline, () => succeeds(joining.call("CLUSTER", "REPLICATE", lonely)));
      await until(deadline, async () => /master_link_status:up/.test(await joining.info("replication")));
      await this.#onEachNode((control) => until(deadline, () => knows(control, endpoint)));
    } finally {
      joining.disconnect();
    }
  }

  async #primaryWithFewestReplicas(): Promise<string> {
    const counts = await Promise.all(
      (await primariesNow(this.#control)).map(async (node) => {
        const replicas = Number(/connected_slaves:(\d+)/.exec(await node.info("replication"))?.[1] ?? 0);
        return { replicas, id: String(await node.call("CLUSTER", "MYID")) };
      }),
    );
    return counts.sort((a, b) => a.replicas - b.replicas)[0]!.id;
  }

  async #onEachNode(use: (control: Redis) => Promise<void>): Promise<void> {
    const living = this.nodes.filter((node) => !this.#dead.has(node));
    await Promise.all(
      living.map(async ({ endpoint }) => {
        const control = await connectControl(endpoint);
        try {
          await use(control);
        } finally {
          control.disconnect();
        }
      }),
    );
  }
}

/** Whether a node says that `endpoint` is a replica of a primary. */
async function knows(control: Redis, { port }: Endpoint): Promise<boolean> {
  const entries = slotsEntries((await control.call("CLUSTER", "SLOTS")) as Reply) ?? [];
  return entries.some(({ nodes }) => nodes.slice(1).some((node) => node.port === port));
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
