import { effect, type Signal } from "@preact/signals";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef, useState } from "preact/hooks";

import { locale, t } from "../i18n";
import { dayAndTime, placeOnPlane } from "../words";
import { listenTo } from "./gestures";
import type { Series } from "./past";
import { DAY_MS, keyed, type View } from "./view";

/** Something that the house did, on the time line. */
export interface Mark {
  at: number;
  because: string;
}

interface Props {
  series: Series;
  marks: readonly Mark[];
  label: string;
  /** What is shown, shared by charts that are compared; this one shows it `shift` milliseconds earlier. */
  view: Signal<View>;
  shift?: number;
  show: (view: View) => void;
}

const HEIGHT = 240;
/** Least pixels between two times of the axis: the longest way to write one fits. */
const TICK_SPACE = 84;
/** How near to a mark a finger must be, in pixels. */
const NEAR = 16;

/** Mood over time (uPlot), with marks for what the house did; fingers, wheel, mouse and keys move it. */
export function Chart({ series, marks, label, view, shift = 0, show }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const now = useRef({ marks, series, show, shift });
  now.current = { marks, series, show, shift };
  const [told, tell] = useState("");
  useEffect(() => {
    const on = place.current!;
    const made = draw(on, now, view, tell);
    plot.current = made;
    // What is asked for and what is shown differ by the shift; both charts hear the same view.
    const stop = effect(() => made.setScale("x", scaleOf(view.value, now.current.shift)));
    const deaf = listenTo(made.over, () => view.peek(), (next) => now.current.show(next));
    const fit = new ResizeObserver(() => made.setSize({ width: on.clientWidth, height: HEIGHT }));
    fit.observe(on);
    return () => {
      stop();
      deaf();
      fit.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => {
    const made = plot.current!;
    made.batch(() => {
      made.setData([series.at, series.valence, series.arousal], false);
      made.setScale("x", scaleOf(view.peek(), shift));
    });
  }, [series, marks, shift]);
  const press = (event: KeyboardEvent) => {
    const next = keyed(view.peek(), event.key, event.shiftKey);
    if (next) now.current.show(next);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(plot.current!, event.key === "ArrowLeft" ? -1 : 1);
    else return;
    event.preventDefault();
  };
  return (
    <div>
      <div class="legend small soft" aria-hidden="true">
        <span class="line">{t("axis.pleasant")}</span>
        <span class="line dashed">{t("axis.lively")}</span>
        <span class="mark">{t("house.did")}</span>
      </div>
      <div ref={place} class="chart" role="application" tabIndex={0} aria-label={`${label}. ${t("history.keys")}`} onKeyDown={press} style={{ minHeight: `${HEIGHT}px` }} />
      <p class="small readout" role="status">{told || <span class="soft">{t("history.tapHint")}</span>}</p>
    </div>
  );
}

function scaleOf(view: View, shift: number): { min: number; max: number } {
  return { min: (view.from - shift) / 1000, max: (view.to - shift) / 1000 };
}

type Now = { current: { marks: readonly Mark[]; series: Series; show: (view: View) => void; shift: number } };

function draw(on: HTMLElement, now: Now, view: Signal<View>, tell: (text: string) => void): uPlot {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const line = (token: string, dash?: number[]) => ({ stroke: colour(token), width: 2, points: { show: false }, ...(dash ? { dash } : {}) });
  const { series } = now.current;
  return new uPlot(
    {
      width: on.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => null },
      },
      scales: { x: { time: true, auto: false, ...scaleOf(view.peek(), now.current.shift) }, y: { auto: false, range: [-1, 1] } },
      axes: [
        { ...axis, space: TICK_SPACE, values: (_, ticks, __, ___, stepS) => ticks.map((tick) => timeWord(tick, stepS)) },
        { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString(locale(), { minimumFractionDigits: 1 })) },
      ],
      series: [{}, line("--person-0"), line("--person-1", [6, 4])],
      hooks: {
        draw: [(self) => drawMarks(self, now.current.marks, colour("--soft"))],
        setCursor: [(self) => tell(readout(self, now.current))],
        setSelect: [
          (self) => {
            if (self.select.width < NEAR) return;
            const at = (left: number) => self.posToVal(left, "x") * 1000 + now.current.shift;
            now.current.show({ from: at(self.select.left), to: at(self.select.left + self.select.width) });
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    [series.at, series.valence, series.arousal],
    on,
  );
}

/** What lies under the cursor, in words: what the house did there, else how it seemed. */
function readout(self: uPlot, { marks, series }: Now["current"]): string {
  const { left, idx } = self.cursor;
  if (left == null || left < 0 || idx == null) return "";
  const near = (mark: Mark) => Math.abs(self.valToPos(mark.at / 1000, "x") - left);
  const mark = marks.reduce<Mark | null>((best, one) => (near(one) < (best ? near(best) : NEAR) ? one : best), null);
  if (mark) return `${dayAndTime(mark.at)} · ${mark.because}`;
  const [at, valence, arousal] = [series.at[idx], series.valence[idx], series.arousal[idx]];
  if (at === undefined || valence == null || arousal == null) return "";
  return `${dayAndTime(at * 1000)} · ${placeOnPlane(valence, arousal)}`;
}

/** Move the cursor to the next known point of what is shown. */
function step(self: uPlot, by: 1 | -1): void {
  const [at, valence] = self.data as [number[], (number | null)[]];
  const { min, max } = self.scales.x!;
  let idx = self.cursor.left != null && self.cursor.left >= 0 ? (self.cursor.idx ?? -1) + by : by > 0 ? 0 : at.length - 1;
  while (idx >= 0 && idx < at.length && (valence[idx] == null || at[idx]! < min! || at[idx]! > max!)) idx += by;
  if (idx < 0 || idx >= at.length) return;
  self.setCursor({ left: self.valToPos(at[idx]!, "x"), top: self.valToPos(valence[idx]!, "y") }, true);
}

/** A tick of the time axis as people write it where they live: the time within a day, else the date. */
function timeWord(at: number, stepS: number): string {
  const date = new Date(at * 1000);
  return stepS * 1000 < DAY_MS
    ? date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString(locale(), { month: "short", day: "numeric" });
}

function drawMarks(self: uPlot, marks: readonly Mark[], colour: string): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.fillStyle = colour;
  for (const { at } of marks) {
    const x = self.valToPos(at / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + bbox.height - 14);
    ctx.lineTo(x - 7, bbox.top + bbox.height);
    ctx.lineTo(x + 7, bbox.top + bbox.height);
    ctx.fill();
  }
  ctx.restore();
}
