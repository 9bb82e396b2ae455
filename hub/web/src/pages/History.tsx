import { useMemo, useState } from "preact/hooks";

import { get } from "../api";
import { listed, locale, t } from "../i18n";
import { rooms } from "../live";
import { Chart, type Series } from "../plane/Chart";
import { Empty, Problem, Skeleton } from "../ui/parts";
import { useLoad } from "../ui/load";
import { adjective, clock, percent } from "../words";

interface Rollup {
  at_ms: number;
  room: string;
  moods: number;
  valence: number;
  arousal: number;
  confidence: number;
  labels: Record<string, number>;
}

interface PastDecision {
  id: number;
  at_ms: number;
  room: string;
  rule: string;
  because: string;
}

const SPANS = [
  { id: "day", ms: 24 * 3_600_000, rollup: "minute" },
  { id: "week", ms: 7 * 24 * 3_600_000, rollup: "hour" },
  { id: "month", ms: 31 * 24 * 3_600_000, rollup: "hour" },
  { id: "year", ms: 366 * 24 * 3_600_000, rollup: "day" },
] as const;

/** More than the minutes of a day, the hours of a month or the days of a year. */
const MOST = 2000;

/** One time line: the mood's course, and what the house did as marks on it. */
export function History() {
  const [span, setSpan] = useState<(typeof SPANS)[number]>(SPANS[0]);
  const [room, setRoom] = useState<string | null>(null);
  const chosen = room ?? rooms.value[0]?.id ?? null;
  const since = useMemo(() => Date.now() - span.ms, [span]);
  const past = useLoad(
    () => get<{ rollups: Rollup[] }>("/moods/rollups", { query: { span: span.rollup, room: chosen ?? undefined, since_ms: since, limit: MOST } }),
    [span, chosen],
  );
  const acted = useLoad(
    () => get<{ decisions: PastDecision[] }>("/decisions", { query: { room: chosen ?? undefined, since_ms: since } }),
    [span, chosen],
  );
  const series = useMemo(() => seriesOf(past.data?.rollups ?? []), [past.data]);
  return (
    <>
      <div class="row between">
        <div class="row chips" role="group" aria-label={t("history.howFar")}>
          {SPANS.map((one) => (
            <button key={one.id} class="btn chip" aria-pressed={one === span} onClick={() => setSpan(one)}>
              {t(`span.${one.id}`)}
            </button>
          ))}
        </div>
        {rooms.value.length > 1 && (
          <select aria-label={t("word.room")} style={{ width: "auto" }} value={chosen ?? ""} onChange={(e) => setRoom(e.currentTarget.value)}>
            {rooms.value.map((one) => (
              <option key={one.id} value={one.id}>{one.name}</option>
            ))}
          </select>
        )}
      </div>
      {past.error && <Problem error={past.error} retry={past.again} />}
      {!past.data && !past.error && <Skeleton height={280} />}
      {past.data && !past.data.rollups.length && (
        <Empty title={t("history.nothing")}>{t("history.nothingText")}</Empty>
      )}
      {past.data && past.data.rollups.length > 0 && (
        <div class="card">
          <Chart series={series} marks={(acted.data?.decisions ?? []).map((d) => d.at_ms)} label={t("history.chart", { span: t(`span.${span.id}`) })} />
          <Summary items={past.data.rollups} />
        </div>
      )}
      <section class="card">
        <h2>{t("house.did")}</h2>
        {acted.error && <Problem error={acted.error} retry={acted.again} />}
        {acted.data && !acted.data.decisions.length && <p class="soft">{t("history.noDecision")}</p>}
        <ul class="list lined">
          {(acted.data?.decisions ?? []).slice(0, 100).map((one) => (
            <li key={one.id}>
              <span class="num soft">
                {new Date(one.at_ms).toLocaleDateString(locale(), { month: "short", day: "numeric" })} {clock(one.at_ms)}
              </span>{" "}
              {one.because}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** Columns for the chart: time in seconds, valence, arousal; a gap where nothing was sensed. */
export function seriesOf(items: readonly Rollup[]): Series {
  const rows = [...items].sort((a, b) => a.at_ms - b.at_ms);
  const gap = rows.length > 1 ? typicalStep(rows) * 3 : Infinity;
  const at: number[] = [];
  const valence: (number | null)[] = [];
  const arousal: (number | null)[] = [];
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    if (before && row.at_ms - before.at_ms > gap) {
      at.push((before.at_ms + 1) / 1000);
      valence.push(null);
      arousal.push(null);
    }
    at.push(row.at_ms / 1000);
    valence.push(row.valence);
    arousal.push(row.arousal);
  });
  return { at, valence, arousal };
}

function typicalStep(rows: readonly Rollup[]): number {
  const steps = rows.slice(1).map((row, index) => row.at_ms - rows[index]!.at_ms);
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] || 60_000;
}

/** The most common moods, for people who do not see the chart. */
function Summary({ items }: { items: readonly Rollup[] }) {
  const counts = new Map<string, number>();
  for (const item of items) for (const [label, n] of Object.entries(item.labels)) counts.set(label, (counts.get(label) ?? 0) + n);
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 3);
  if (!total) return null;
  return <p class="small soft">{t("history.mostly", { moods: listed(top.map(([label, n]) => `${adjective(label)} (${percent(n / total)})`)) })}</p>;
}
