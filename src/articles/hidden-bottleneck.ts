import { printable } from "../base/printable.js";
import { heatmap } from "../charts/heatmap.js";
import { percentiles } from "../charts/percentiles.js";
import { timeline } from "../charts/timeline.js";
import { escaped } from "../reporters/markdown-blocks.js";
import type { Article } from "./article.js";

export const hiddenBottleneck: Article = {
  name: "hidden-bottleneck",
  summary: "how the hidden bottleneck was found",
  write(pen, reports) {
    pen.title({ en: "How the hidden bottleneck was found", ko: "숨은 병목을 어떻게 찾았는가" });
    pen.ask({
      en: "tell the symptom: which figure did not move although it should have?",
      ko: "증상: 움직여야 했는데 움직이지 않은 수치는 무엇이었습니까?",
    });
    for (const [i, report] of reports.entries()) {
      const name = escaped(printable(report.scenario.name, 40));
      pen.heading({ en: `Measurement ${i + 1}: ${name}`, ko: `측정 ${i + 1}: ${name}` });
      pen.say({
        en: "Who was at its limit? A thread that is busy nearly all the time decides; everybody else waits for it.",
        ko: "누가 한계였습니까? 거의 쉬지 않는 스레드가 결정하고, 나머지는 그것을 기다립니다.",
      });
      pen.load(report);
      pen.caution(report);
      pen.figures(report);
      pen.chart(percentiles, report);
      pen.chart(timeline, report);
      pen.say({
        en: "Was the machine steady meanwhile? Otherwise the difference may be the machine's.",
        ko: "그동안 장비는 안정적이었습니까? 아니라면 차이는 장비의 것일 수 있습니다.",
      });
      pen.chart(heatmap, report);
      pen.command(report);
    }
    pen.ask({
      en: "name the bottleneck, the evidence against the other suspects, and what was changed.",
      ko: "병목의 정체, 다른 후보를 배제한 근거, 그리고 무엇을 바꾸었는지 써 주세요.",
    });
  },
};
