import { printable } from "../base/printable.js";
import { calls } from "../charts/calls.js";
import { roadmap } from "../charts/roadmap.js";
import { tps } from "../charts/tps.js";
import { perEntryText } from "../report/format.js";
import { escaped } from "../reporters/markdown-blocks.js";
import { type Article, hasStrategy } from "./article.js";

export const fewerCalls: Article = {
  name: "fewer-calls",
  summary: "what fewer calls gain",
  write(pen, reports) {
    pen.title({ en: "What fewer Redis calls gain", ko: "Redis 호출을 줄이면 무엇이 좋아지는가" });
    pen.ask({
      en: "say what the service is, what its queue has to take and why the number of calls came under suspicion.",
      ko: "서비스와 대기열의 목표, 그리고 왜 호출 수를 의심하게 되었는지 소개해 주세요.",
    });
    const report = reports.find((one) => hasStrategy(one, "individual"));
    if (report === undefined) {
      pen.missing(
        { en: "a comparison with individual calls.", ko: "개별 호출과의 비교." },
        "qbench run default --output report.json",
      );
      return;
    }
    pen.heading({ en: "How often an entry asks", ko: "진입 한 번에 몇 번 묻는가" });
    for (const { name, summary } of report.strategies) {
      if (summary.callsPerEntry === null || summary.roundTripsPerEntry === null) continue;
      const [n, trips] = [perEntryText(summary.callsPerEntry), perEntryText(summary.roundTripsPerEntry)];
      const shown = escaped(printable(name, 40));
      pen.say({
        en: `- ${shown}: calls ${n}, round trips ${trips} (the server counted the calls)`,
        ko: `- ${shown}: 호출 ${n}회, 왕복 ${trips}회 (호출은 서버가 센 값)`,
      });
    }
    pen.chart(calls, report);
    pen.heading({ en: "What that does to throughput", ko: "처리량은 얼마나 달라지는가" });
    pen.chart(tps, report);
    pen.figures(report);
    pen.caution(report);
    pen.ask({
      en: "interpret: is the gain in the calls, in the round trips, or in the work of the client?",
      ko: "해석: 이득은 호출 수에서 왔습니까, 왕복 수에서 왔습니까, 클라이언트의 일에서 왔습니까?",
    });
    pen.heading({ en: "Expected and measured", ko: "예상과 측정" });
    pen.chart(roadmap, report);
    pen.ask({
      en: "say where the expectation came from, and why it was or was not met.",
      ko: "예상이 어디서 나왔고, 왜 맞거나 맞지 않았는지 써 주세요.",
    });
    pen.command(report);
  },
};
