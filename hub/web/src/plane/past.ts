/** Moods of the past as the hub sums them up, and what can be said about a stretch of them: pure. */

import { t } from "../i18n";
import type { View } from "./view";

export interface Rollup {
  at_ms: number;
  room: string;
  moods: number;
  valence: number;
  arousal: number;
  confidence: number;
  labels: Record<string, number>;
}

/** Columns of equal length; times in seconds, values in [-1, 1], null where nothing is known. */
export interface Series {
  at: number[];
  valence: (number | null)[];
  arousal: (number | null)[];
}

/** Columns for the chart; a gap where nothing was sensed. */
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

/** What a view holds in all: its mean, and the share of each mood, most first. Null where it holds nothing. */
export interface Total {
  valence: number;
  arousal: number;
  labels: [string, number][];
}

export function totalOf(items: readonly Rollup[], view: View): Total | null {
  const inside = items.filter((one) => one.at_ms >= view.from && one.at_ms <= view.to && one.moods > 0);
  const moods = inside.reduce((sum, one) => sum + one.moods, 0);
  if (!moods) return null;
  const counts = new Map<string, number>();
  for (const one of inside) for (const [label, n] of Object.entries(one.labels)) counts.set(label, (counts.get(label) ?? 0) + n);
  const told = [...counts.values()].reduce((a, b) => a + b, 0);
  const mean = (of: "valence" | "arousal") => inside.reduce((sum, one) => sum + one[of] * one.moods, 0) / moods;
  return {
    valence: mean("valence"),
    arousal: mean("arousal"),
    labels: [...counts].sort((a, b) => b[1] - a[1]).map(([label, n]) => [label, told ? n / told : 0]),
  };
}

/** Less than this is no difference that anybody would feel. */
const ALIKE = 0.05;

/** How the first compares with the second, in words. */
export function against(first: Total, second: Total): string {
  const pleasant = first.valence - second.valence;
  const lively = first.arousal - second.arousal;
  const alike = (by: number) => Math.abs(by) < ALIKE;
  return t("history.against", {
    pleasant: t(alike(pleasant) ? "history.asPleasant" : pleasant > 0 ? "history.morePleasant" : "history.lessPleasant"),
    lively: t(alike(lively) ? "history.asLively" : lively > 0 ? "history.moreLively" : "history.lessLively"),
  });
}

/** What is shown, as a table for other programs: one line a row, times in UTC. */
export function csvOf(items: readonly Rollup[], view: View): string {
  const rows = [...items].filter((one) => one.at_ms >= view.from && one.at_ms <= view.to).sort((a, b) => a.at_ms - b.at_ms);
  const lines = rows.map((one) => [new Date(one.at_ms).toISOString(), one.room, one.valence, one.arousal, one.confidence, one.moods].join(","));
  return ["time,room,valence,arousal,confidence,moods", ...lines, ""].join("\r\n");
}
