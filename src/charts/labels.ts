import type { RunReport } from "../report/schema.js";

type Basis = RunReport["strategies"][number]["summary"]["latency"];

const counted = (n: number): string => n.toLocaleString("en-US");

/** Every word of a chart, in each language. Names of strategies and kinds of anomaly stay as the report has them. */
export interface Labels {
  readonly lang: "en" | "ko";
  readonly strategy: string;
  readonly entriesPerSecond: string;
  readonly interval: string;
  readonly againstBaseline: string;
  readonly limiter: string;
  readonly generatorBound: string;
  readonly hatched: string;
  /** The title where one strategy is ahead. */
  takes(name: string, times: string, baseline: string): string;
  readonly tpsTitle: string;
  tpsSubtitle(rounds: number, sure: string): string;
  readonly latencyTitle: string;
  latencySubtitle(sure: string, latency: Basis): string;
  readonly latency: string;
  readonly percentilesTitle: string;
  readonly percentilesSubtitle: string;
  readonly percentile: string;
  readonly timelineTitle: string;
  timelineSubtitle(latency: Basis): string;
  readonly timelineFaults: string;
  readonly second: string;
  readonly callsTitle: string;
  readonly callsSubtitle: string;
  readonly calls: string;
  readonly roundTrips: string;
  readonly anomaliesTitle: string;
  noAnomalies(checked: string): string;
  readonly anomaliesSubtitle: string;
  readonly anomaly: string;
  readonly heatmapTitle: string;
  readonly heatmapSubtitle: string;
  round(n: number): string;
  readonly roadmapTitle: string;
  readonly roadmapSubtitle: string;
  readonly expected: string;
  readonly measured: string;
  readonly stagesTitle: string;
  readonly stagesSubtitle: string;
  readonly stage: string;
  readonly published: string;
  readonly predicted: string;
  goal(rate: string): string;
  crossoverTitle(option: string): string;
  readonly crossoverSubtitle: string;
  overtakes(after: string, before: string, place: string): string;
  /** Where only what lies above is certain. */
  aheadFrom(after: string, before: string, place: string): string;
  /** Where only what lies below is. */
  aheadUpTo(before: string, after: string, place: string): string;
  undecided(after: string, before: string, place: string): string;
  /** Of a figure of a sweep, by its axes. */
  sweepTitle(figure: string, axes: string): string;
  sweepSubtitle(trials: number): string;
  readonly sweepMapSubtitle: string;
  heldAt(values: string): string;
  /** How it was measured: users, connections. */
  load(scenario: RunReport["scenario"]): string;
  rounds(n: number, seconds: string): string;
}

/** What a latency counts from. */
const begins: Readonly<Record<Basis, string>> = { entry: "ready to enter", response: "the planned arrival" };
const beginsKo: Readonly<Record<Basis, string>> = { entry: "진입 준비", response: "예정된 도착 시각" };

const en: Labels = {
  lang: "en",
  strategy: "strategy",
  entriesPerSecond: "entries a second",
  interval: "interval",
  againstBaseline: "against the first",
  limiter: "limited by",
  generatorBound: "limited by the generator",
  hatched: "Hatched: the load generator was the limit, so the bar says little about Redis.",
  takes: (name, times, baseline) => `${name} takes ${times} times the entries of ${baseline}`,
  tpsTitle: "Entries into the queue a second",
  tpsSubtitle: (rounds, sure) =>
    rounds < 2
      ? "Entries into the queue a second, one trial."
      : `Entries into the queue a second: median of ${rounds} rounds; whiskers hold the true one (${sure} sure).`,
  latencyTitle: "How long an entry takes",
  latencySubtitle: (sure, latency) =>
    `From ${begins[latency]} to answered; medians of the trials' percentiles; whiskers hold the true one (${sure} sure).`,
  latency: "latency",
  percentilesTitle: "How long the slow entries take",
  percentilesSubtitle: "Latency below which a share of all entries lies; the further right, the rarer.",
  percentile: "share of the entries",
  timelineTitle: "Second by second",
  timelineSubtitle: (latency) =>
    `Median over the trials of each second. Above: entries a second; below: p99 from ${begins[latency]} to answered.`,
  timelineFaults: "Shaded: what went wrong on purpose; above in finer steps.",
  second: "second",
  callsTitle: "What one entry asks of Redis",
  callsSubtitle: "Commands as the server counted them, and how often the application waits for an answer.",
  calls: "calls per entry",
  roundTrips: "round trips per entry",
  anomaliesTitle: "What the audit found",
  noAnomalies: (checked) => `The audit found nothing wrong in ${checked} entries`,
  anomaliesSubtitle: "Anomalies by strategy and kind, all trials.",
  anomaly: "anomaly",
  heatmapTitle: "How steady the rounds were",
  heatmapSubtitle: "Entries a second of each round against the strategy's own median.",
  round: (n) => `round ${n}`,
  roadmapTitle: "Expected and measured gain",
  roadmapSubtitle: "Entries a second against individual calls. Band: what was expected before it was measured.",
  expected: "expected",
  measured: "measured",
  stagesTitle: "The roadmap, published, predicted and measured",
  stagesSubtitle:
    "Entries a second: published with the application, predicted and measured here without it.\nWhiskers: what was expected; the interval of the median.",
  stage: "stage",
  published: "published",
  predicted: "predicted",
  goal: (rate) => `goal ${rate}/s`,
  crossoverTitle: (option) => `Entries a second by ${option}`,
  crossoverSubtitle: "Each point is a run of its own; whiskers: the interval of its median.",
  overtakes: (after, before, place) => `${after} overtakes ${before} at ${place}`,
  aheadFrom: (after, before, place) => `${after} is ahead of ${before} from ${place} on`,
  aheadUpTo: (before, after, place) => `${before} is ahead of ${after} up to ${place}`,
  undecided: (after, before, place) => `Neither ${after} nor ${before} is certainly ahead around ${place}`,
  sweepTitle: (figure, axes) => `${figure} by ${axes}`,
  sweepSubtitle: (trials) =>
    `Medians of ${trials} ${trials === 1 ? "trial" : "trials"} in shared rounds; whiskers: the interval of the median; band: 95 % interval of a crossover.`,
  sweepMapSubtitle: "Medians of the trials; the darker, the more. Empty: not measured.",
  heldAt: (values) => `At ${values}.`,
  load: ({ vus, pool, instances, connections, ratePerSec }) => {
    const users = ratePerSec === null ? `${counted(vus)} users` : `${counted(ratePerSec)} entries/s offered`;
    return `${users}, ${instances === 1 ? "" : `${instances} × `}${pool} ${connections} ${pool === 1 ? "connection" : "connections"}`;
  },
  rounds: (n, seconds) => (n === 1 ? `1 round of ${seconds} s` : `${n} rounds of ${seconds} s`),
};

const ko: Labels = {
  lang: "ko",
  strategy: "전략",
  entriesPerSecond: "초당 진입 수",
  interval: "구간",
  againstBaseline: "첫 전략 대비",
  limiter: "한계 요인",
  generatorBound: "부하 생성기가 한계",
  hatched: "빗금: 부하 생성기가 한계였으므로 Redis의 성능을 말해 주지 않습니다.",
  takes: (name, times, baseline) => `${name}: ${baseline}의 ${times}배를 받습니다`,
  tpsTitle: "대기열 초당 진입 수",
  tpsSubtitle: (rounds, sure) =>
    rounds < 2
      ? "대기열 초당 진입 수, 1회 측정."
      : `대기열 초당 진입 수: ${rounds}개 라운드의 중앙값, 수염은 참값을 담는 구간(확신도 ${sure}).`,
  latencyTitle: "진입 한 번에 걸리는 시간",
  latencySubtitle: (sure, latency) =>
    `${beginsKo[latency]}부터 응답까지, 각 시행 백분위수의 중앙값, 수염은 참값을 담는 구간(확신도 ${sure}).`,
  latency: "지연 시간",
  percentilesTitle: "느린 진입은 얼마나 걸리는가",
  percentilesSubtitle: "전체 진입 중 해당 비율이 이 시간 안에 끝납니다. 오른쪽일수록 드문 경우입니다.",
  percentile: "진입 비율",
  timelineTitle: "초 단위 변화",
  timelineSubtitle: (latency) =>
    `각 초의 값은 시행들의 중앙값. 위: 초당 진입 수, 아래: ${beginsKo[latency]}부터 응답까지의 p99.`,
  timelineFaults: "음영: 의도적으로 일으킨 장애, 위는 더 촘촘한 간격.",
  second: "초",
  callsTitle: "진입 한 번이 Redis에 요구하는 것",
  callsSubtitle: "서버가 센 명령 수와, 애플리케이션이 응답을 기다리는 횟수.",
  calls: "진입당 호출 수",
  roundTrips: "진입당 왕복 수",
  anomaliesTitle: "감사에서 발견된 이상",
  noAnomalies: (checked) => `진입 ${checked}건을 감사한 결과 이상 없음`,
  anomaliesSubtitle: "전략과 종류별 이상 건수, 모든 시행.",
  anomaly: "이상",
  heatmapTitle: "라운드 사이의 안정성",
  heatmapSubtitle: "각 라운드의 초당 진입 수를 그 전략의 중앙값과 비교.",
  round: (n) => `라운드 ${n}`,
  roadmapTitle: "예상한 향상과 측정한 향상",
  roadmapSubtitle: "개별 호출 대비 초당 진입 수. 띠: 측정 전의 예상 범위.",
  expected: "예상",
  measured: "측정",
  stagesTitle: "로드맵: 발표, 예측, 측정",
  stagesSubtitle: "초당 진입 수. 발표는 애플리케이션 포함, 예측과 측정은 제외.\n수염: 예상 범위와 중앙값의 구간.",
  stage: "단계",
  published: "발표",
  predicted: "예측",
  goal: (rate) => `목표 ${rate}/s`,
  crossoverTitle: (option) => `${option}에 따른 초당 진입 수`,
  crossoverSubtitle: "점 하나가 실행 하나이며, 수염은 중앙값의 구간입니다.",
  overtakes: (after, before, place) => `${place}: ${after}가 ${before}를 앞지름`,
  aheadFrom: (after, before, place) => `${place}부터: ${after}가 ${before}보다 앞섬`,
  aheadUpTo: (before, after, place) => `${place}까지: ${before}가 ${after}보다 앞섬`,
  undecided: (after, before, place) => `${place} 부근: ${after}와 ${before}의 차이가 확실하지 않음`,
  sweepTitle: (figure, axes) => `${axes}에 따른 ${figure}`,
  sweepSubtitle: (trials) => `같은 라운드에서 ${trials}회 측정한 중앙값. 수염: 중앙값의 구간, 띠: 교차점의 95 % 구간.`,
  sweepMapSubtitle: "시행들의 중앙값, 진할수록 큰 값. 빈칸은 측정하지 않음.",
  heldAt: (values) => `${values}일 때.`,
  load: ({ vus, pool, instances, connections, ratePerSec }) => {
    const users = ratePerSec === null ? `사용자 ${counted(vus)}명` : `초당 ${counted(ratePerSec)}건 도착`;
    const kind = connections === "exclusive" ? "전용" : "공유";
    return `${users}, ${kind} 연결 ${instances === 1 ? "" : `${instances} × `}${pool}개`;
  },
  rounds: (n, seconds) => `${seconds}초씩 ${n}개 라운드`,
};

export const LABELS = { en, ko } as const satisfies Record<string, Labels>;
export type Lang = keyof typeof LABELS;
export const LANGS = Object.keys(LABELS) as readonly Lang[];
