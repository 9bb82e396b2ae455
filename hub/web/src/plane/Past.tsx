import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";

import { get } from "../api";
import { listed, t } from "../i18n";
import { useLoad, type Loaded } from "../ui/load";
import { Problem, Skeleton } from "../ui/parts";
import { adjective, dayAndTime, percent } from "../words";
import { Chart, type Mark } from "./Chart";
import { seriesOf, type Rollup, type Total } from "./past";
import type { Stretch, View } from "./view";

/** Whose mood: a room's or a person's. */
export interface Who {
  kind: "room" | "person";
  id: string;
  name: string;
}

export interface PastDecision {
  id: number;
  at_ms: number;
  room: string;
  rule: string;
  because: string;
}

/** More than the minutes of three days, the hours of three months or the days of two years. */
const MOST = 5000;
const MOST_ACTS = 500;

/** Moods of somebody or some room in a stretch of time; null asks for nothing. */
export function usePast(who: Who | null, stretch: Stretch): Loaded<Rollup[]> {
  return useLoad(async () => {
    if (!who) return [];
    const query = { span: stretch.grain, [who.kind]: who.id, since_ms: Math.max(0, stretch.from), until_ms: stretch.to, limit: MOST };
    return (await get<{ rollups: Rollup[] }>("/moods/rollups", { query })).rollups;
  }, [who?.kind, who?.id, stretch.grain, stretch.from, stretch.to]);
}

/** What the house did in a room; of a person it is not told apart. */
export function useActs(who: Who | null, stretch: Stretch): Loaded<PastDecision[]> {
  return useLoad(async () => {
    if (who?.kind !== "room") return [];
    const query = { room: who.id, since_ms: Math.max(0, stretch.from), until_ms: stretch.to, limit: MOST_ACTS };
    return (await get<{ decisions: PastDecision[] }>("/decisions", { query })).decisions;
  }, [who?.kind, who?.id, stretch.from, stretch.to]);
}

interface PaneProps {
  title: string;
  past: Loaded<Rollup[]>;
  acts: readonly PastDecision[];
  total: Total | null;
  /** What is shown at rest: charts follow the signal, words do not. */
  shown: View;
  view: Signal<View>;
  shift?: number;
  show: (view: View) => void;
  /** What stands beside the name. */
  children?: ComponentChildren;
}

/** One chart with its name, what it shows, and what it was mostly. */
export function Pane({ title, past, acts, total, shown, view, shift = 0, show, children }: PaneProps) {
  const series = useMemo(() => seriesOf(past.data ?? []), [past.data]);
  const marks = useMemo<Mark[]>(() => acts.map((one) => ({ at: one.at_ms, because: one.because })), [acts]);
  const span = t("history.fromTo", { from: dayAndTime(shown.from - shift), to: dayAndTime(shown.to - shift) });
  return (
    <section class="card" aria-label={title}>
      <div class="row between">
        <h2>{title}</h2>
        {children}
      </div>
      <p class="small soft num">{span}</p>
      {past.error && <Problem error={past.error} retry={past.again} />}
      {!past.data && !past.error && <Skeleton height={280} />}
      {past.data && <Chart series={series} marks={marks} label={`${title}, ${span}`} view={view} shift={shift} show={show} />}
      {past.data && (
        <p class="small soft">
          {total
            ? t("history.mostly", { moods: listed(total.labels.slice(0, 3).map(([label, share]) => `${adjective(label)} (${percent(share)})`)) })
            : t("history.nothingHere")}
        </p>
      )}
    </section>
  );
}
