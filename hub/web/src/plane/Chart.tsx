import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "preact/hooks";

/** Columns of equal length; times in seconds, values in [-1, 1], null where nothing is known. */
export interface Series {
  at: number[];
  valence: (number | null)[];
  arousal: (number | null)[];
}

const HEIGHT = 260;
/** Least pixels between two times of the axis: the longest way to write one fits. */
const TICK_SPACE = 84;

/** Mood over time (uPlot: tens of thousands of points without jank), with marks for what the house did. */
export function Chart({ series, marks, label }: { series: Series; marks: readonly number[]; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const marked = useRef(marks);
  marked.current = marks;
  useEffect(() => {
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const line = (name: string, token: string, dash?: number[]) => ({
      label: name,
      stroke: colour(token),
      width: 2,
      points: { show: false },
      value: (_: uPlot, value: number | null) => (value == null ? "–" : value.toFixed(2)),
      ...(dash ? { dash } : {}),
    });
    const made = new uPlot(
      {
        width: place.current!.clientWidth,
        height: HEIGHT,
        scales: { y: { range: [-1, 1] } },
        axes: [{ ...axis, space: TICK_SPACE, values: (_, ticks, __, ___, step) => ticks.map((tick) => timeWord(tick, step)) }, { ...axis, size: 44, values: (_, ticks) => ticks.map((tick) => tick.toFixed(1)) }],
        series: [{ value: (_: uPlot, at: number | null) => (at == null ? "" : new Date(at * 1000).toLocaleString([], WHEN)) }, line("pleasant", "--person-0"), line("energy", "--person-1", [6, 4])],
        hooks: { draw: [(self) => drawMarks(self, marked.current, colour("--soft"))] },
      },
      [series.at, series.valence, series.arousal],
      place.current!,
    );
    plot.current = made;
    const fit = new ResizeObserver(() => made.setSize({ width: place.current!.clientWidth, height: HEIGHT }));
    fit.observe(place.current!);
    return () => {
      fit.disconnect();
      made.destroy();
    };
  }, []);
  // Data and marks are drawn together: redraw() alone, before the first drawing, would lose the time scale.
  useEffect(() => plot.current?.setData([series.at, series.valence, series.arousal]), [series, marks]);
  return <div ref={place} role="img" aria-label={label} style={{ minHeight: `${HEIGHT}px`, overflow: "hidden" }} />;
}

const DAY_S = 86_400;
const WHEN: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };

/** A tick of the time axis as people write it where they live: the time within a day, else the date. */
function timeWord(at: number, stepS: number): string {
  const date = new Date(at * 1000);
  return stepS < DAY_S
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { month: "short", day: "numeric" });
}

function drawMarks(self: uPlot, marks: readonly number[], colour: string): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.fillStyle = colour;
  for (const mark of marks) {
    const x = self.valToPos(mark / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x - 5, bbox.top + bbox.height - 10);
    ctx.lineTo(x + 5, bbox.top + bbox.height - 10);
    ctx.fill();
  }
  ctx.restore();
}
