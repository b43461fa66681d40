import { anomalies } from "../charts/anomalies.js";
import { latency } from "../charts/latency.js";
import { tps } from "../charts/tps.js";
import { type Article, hasStrategy } from "./article.js";

const SIDES = [
  {
    connections: "exclusive",
    heading: { en: "With exclusive connections", ko: "전용 연결에서" },
    meaning: {
      en: "A connection serves one entry at a time, as with a pool in the style of Jedis: each round trip is waited for.",
      ko: "연결 하나가 한 번에 진입 하나만 처리합니다(Jedis 방식 풀). 왕복마다 기다립니다.",
    },
    command: "qbench run default --output exclusive.json",
  },
  {
    connections: "shared",
    heading: { en: "With shared connections", ko: "공유 연결에서" },
    meaning: {
      en: "Many entries are in flight on each connection, as with Lettuce or ioredis: writes leave together, and what is left is Redis' own work.",
      ko: "연결마다 많은 진입이 동시에 오갑니다(Lettuce, ioredis 방식). 쓰기가 함께 나가므로 남는 것은 Redis의 일입니다.",
    },
    command: "qbench run default --connections shared --output shared.json",
  },
] as const;

export const luaPipelineIndividual: Article = {
  name: "lua-pipeline-individual",
  summary: "Lua, pipeline and individual calls compared",
  write(pen, reports) {
    pen.title({
      en: "Lua, pipeline or individual calls?",
      ko: "Lua, 파이프라인, 개별 호출: 무엇을 고를 것인가",
    });
    pen.ask({
      en: "say which of them the application could use, and what it must never get wrong.",
      ko: "애플리케이션이 쓸 수 있는 방식과, 절대 틀려서는 안 되는 것이 무엇인지 써 주세요.",
    });
    const comparing = reports.filter((one) =>
      ["lua", "pipeline", "individual"].every((name) => hasStrategy(one, name)),
    );
    for (const { connections, heading, meaning, command } of SIDES) {
      pen.heading(heading);
      pen.say(meaning);
      const report = comparing.find(({ scenario }) => scenario.connections === connections);
      if (report === undefined) {
        pen.missing({ en: `a comparison with ${connections} connections.`, ko: "이 연결 방식의 비교." }, command);
        continue;
      }
      pen.chart(tps, report);
      pen.figures(report);
      pen.caution(report);
      pen.chart(latency, report);
      pen.command(report);
    }
    pen.heading({ en: "Throughput is not all", ko: "처리량이 전부는 아니다" });
    pen.say({
      en: "Only the script is atomic: what another client does between two round trips can make the other strategies answer wrongly or queue a user twice. The audit counts how often it happened:",
      ko: "원자적인 것은 스크립트뿐입니다. 두 왕복 사이에 다른 클라이언트가 끼어들면 다른 방식은 잘못 답하거나 사용자를 두 번 줄 세울 수 있습니다. 감사는 그 횟수를 셉니다:",
    });
    for (const report of comparing) pen.chart(anomalies, report);
    pen.ask({
      en: "judge: for which connections and which guarantees would you choose which?",
      ko: "판단: 어떤 연결 방식과 어떤 보장이 필요할 때 무엇을 고르겠습니까?",
    });
  },
};
