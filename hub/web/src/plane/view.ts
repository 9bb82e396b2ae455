/** Which stretch of time a chart shows, and how fingers, wheel and keys move it: pure. */

/** Milliseconds since 1970. */
export interface View {
  from: number;
  to: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const LEAST_MS = 15 * 60_000;
export const MOST_MS = 366 * DAY_MS;

export type Grain = "minute" | "hour" | "day";
/** The finest grain for which a view and the pages it touches are a few thousand points at most. */
const GRAINS: readonly { grain: Grain; upToMs: number; pageMs: number }[] = [
  { grain: "minute", upToMs: 36 * HOUR_MS, pageMs: DAY_MS },
  { grain: "hour", upToMs: 62 * DAY_MS, pageMs: 31 * DAY_MS },
  { grain: "day", upToMs: Infinity, pageMs: MOST_MS },
];

/** What to ask the hub for: whole pages, so that small moves ask for nothing. */
export interface Stretch extends View {
  grain: Grain;
}

export function stretchOf(view: View): Stretch {
  const { grain, pageMs } = GRAINS.find((one) => view.to - view.from <= one.upToMs)!;
  return { grain, from: Math.floor(view.from / pageMs) * pageMs, to: Math.ceil(view.to / pageMs) * pageMs };
}

/** Keep a view between what is too narrow and too wide, and out of the future. */
export function within(view: View, now: number): View {
  const width = Math.min(MOST_MS, Math.max(LEAST_MS, view.to - view.from));
  const middle = (view.from + view.to) / 2;
  const to = Math.min(now, middle + width / 2);
  return { from: to - width, to };
}

/** Show `factor` times as much around the place `at`, a share of the width. */
export function zoomed(view: View, factor: number, at: number): View {
  const width = view.to - view.from;
  const least = Math.min(MOST_MS, Math.max(LEAST_MS, width * factor));
  const fixed = view.from + at * width;
  return { from: fixed - at * least, to: fixed + (1 - at) * least };
}

/** Move by a share of the width; more than 0 is later. */
export function moved(view: View, share: number): View {
  const by = (view.to - view.from) * share;
  return { from: view.from + by, to: view.to + by };
}

/** Where two fingers have brought the moments that were under them (shares of the width). */
export function pinched(view: View, before: readonly [number, number], after: readonly [number, number]): View {
  const apart = Math.max(0.02, Math.abs(after[1] - after[0]));
  const factor = Math.max(0.02, Math.abs(before[1] - before[0])) / apart;
  const zoom = zoomed(view, factor, (before[0] + before[1]) / 2);
  return moved(zoom, (before[0] + before[1] - after[0] - after[1]) / 2);
}

/** What a key asks for, null where it asks for nothing. */
export function keyed(view: View, key: string, shift: boolean): View | null {
  if (key === "+" || key === "=") return zoomed(view, 0.5, 0.5);
  if (key === "-" || key === "_") return zoomed(view, 2, 0.5);
  if (key === "PageUp" || (shift && key === "ArrowLeft")) return moved(view, -0.25);
  if (key === "PageDown" || (shift && key === "ArrowRight")) return moved(view, 0.25);
  return null;
}
