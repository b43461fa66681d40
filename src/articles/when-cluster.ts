import { tps } from "../charts/tps.js";
import { percentText, rateText } from "../report/format.js";
import type { RunReport } from "../report/schema.js";
import type { Article } from "./article.js";

export const whenCluster: Article = {
  name: "when-cluster",
  summary: "when a cluster is needed",
  write(pen, reports) {
    pen.title({ en: "When is a Redis Cluster needed?", ko: "Redis Cluster는 언제 필요한가" });
    pen.ask({
      en: "state the goal: entries a second, on which day, at what price.",
      ko: "목표를 밝혀 주세요: 언제, 초당 몇 건을, 어떤 비용으로.",
    });
    pen.heading({ en: "What one server takes", ko: "서버 한 대가 받는 양" });
    const single = reports.find(({ target }) => target.kind !== "cluster");
    if (single === undefined) {
      pen.missing(
        { en: "a run on a single server.", ko: "서버 한 대의 측정." },
        "qbench run default --output single.json",
      );
    } else {
      const busiest = bestOf(single);
      if (busiest !== undefined) {
        const { rate, busy } = busiest;
        pen.say({
          en: `The best strategy took ${rate} entries a second here, with Redis' main thread ${busy} busy.`,
          ko: `가장 빠른 전략은 여기서 초당 ${rate}건을 받았고, Redis 메인 스레드는 ${busy} 사용 중이었습니다.`,
        });
      }
      pen.chart(tps, single);
      pen.load(single);
      pen.caution(single);
      pen.command(single);
    }
    pen.heading({ en: "What a cluster changes", ko: "클러스터가 바꾸는 것" });
    pen.say({
      en: "All keys of one concert carry one hash tag, so they live on one master: a single hot concert gains nothing from more masters. Many concerts at once can.",
      ko: "한 공연의 키는 모두 같은 해시 태그를 가지므로 마스터 한 대에 모입니다. 인기 공연 하나에는 마스터를 늘려도 이득이 없고, 여러 공연이 동시에 열릴 때 이득이 있을 수 있습니다.",
    });
    const clusters = reports.filter(({ target }) => target.kind === "cluster");
    if (clusters.length === 0) {
      pen.missing(
        { en: "runs on a cluster, with one concert and with many.", ko: "공연 하나와 여러 공연의 클러스터 측정." },
        "qbench run default --cluster --output hot.json\nqbench run default --cluster --concerts 50 --output many.json",
      );
    }
    for (const report of clusters) {
      const { concerts } = report.scenario;
      pen.say({ en: `With ${concerts} concert(s):`, ko: `공연 ${concerts}개:` });
      pen.chart(tps, report);
      pen.figures(report);
      pen.caution(report);
      pen.command(report);
    }
    pen.ask({
      en: "weigh the price of the nodes against the goal, and say what would have to come first.",
      ko: "노드 비용과 목표를 견주고, 무엇을 먼저 해야 하는지 써 주세요.",
    });
  },
};

/** What the fastest strategy took, and how busy Redis was. */
function bestOf({ strategies }: RunReport): { rate: string; busy: string } | undefined {
  const best = strategies
    .filter(({ summary }) => summary.tps !== null)
    .sort((a, b) => b.summary.tps!.median - a.summary.tps!.median)[0];
  const busy = best?.trials.find(({ complete }) => complete)?.server.cpuUtilization;
  if (best === undefined || busy == null) return undefined;
  return { rate: rateText(best.summary.tps!.median), busy: percentText(Math.min(1, busy)) };
}
