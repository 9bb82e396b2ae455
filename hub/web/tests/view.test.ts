import { describe, expect, it } from "vitest";

import { against, csvOf, totalOf, type Rollup } from "../src/plane/past";
import { DAY_MS, HOUR_MS, keyed, MOST_MS, moved, pinched, stretchOf, within, zoomed } from "../src/plane/view";
import { fitting, withLines, type LogLine } from "../src/settings/LogView";

const NOW = 1_800_000_000_000;
const DAY = { from: NOW - DAY_MS, to: NOW };
const rollup = (at_ms: number, valence: number, labels: Record<string, number> = { happiness: 1 }, moods = 1): Rollup => ({
  ...{ at_ms, room: "den", moods, valence, arousal: 0, confidence: 0.5, labels },
});

describe("what a chart shows", () => {
  it("stays out of the future, and neither too narrow nor too wide", () => {
    const late = within(moved(DAY, 0.5), NOW);
    expect([late.to, late.to - late.from]).toEqual([NOW, DAY_MS]);
    const wide = within(zoomed(DAY, 1e6, 0.5), NOW);
    expect(wide.to - wide.from).toBe(MOST_MS);
    const narrow = within(zoomed(DAY, 1e-9, 0.5), NOW);
    expect(narrow.to - narrow.from).toBe(15 * 60_000);
  });
  it("keeps what is under two fingers under them", () => {
    const [before, after] = [[0.4, 0.6], [0.2, 0.9]] as const;
    const to = pinched(DAY, before, after);
    before.forEach((share, index) => {
      const moment = DAY.from + share * DAY_MS;
      expect((moment - to.from) / (to.to - to.from)).toBeCloseTo(after[index]!, 6);
    });
  });
  it("asks for whole pages of few enough points, the finer the closer", () => {
    const points = { minute: 60_000, hour: HOUR_MS, day: DAY_MS };
    for (const days of [0.1, 1, 1.4, 7, 31, 60, 366]) {
      const wanted = stretchOf({ from: NOW - days * DAY_MS, to: NOW });
      expect((wanted.to - wanted.from) / points[wanted.grain]).toBeLessThanOrEqual(4320);
    }
    expect(stretchOf(DAY).grain).toBe("minute");
    expect(stretchOf(moved(DAY, 0.0001))).toEqual(stretchOf(DAY));
  });
  it("is moved and zoomed by keys", () => {
    expect(keyed(DAY, "+", false)).toEqual(zoomed(DAY, 0.5, 0.5));
    expect(keyed(DAY, "ArrowLeft", true)!.to).toBeLessThan(DAY.to);
    expect(keyed(DAY, "ArrowLeft", false)).toBeNull();
  });
});

describe("a stretch of the past", () => {
  it("is told by its mean, counted by moods, and set against another", () => {
    const items = [rollup(1, 0.5, { happiness: 3 }, 3), rollup(2, -0.5, { sadness: 1 }), rollup(9, 1)];
    const total = totalOf(items, { from: 0, to: 5 })!;
    expect(total.valence).toBeCloseTo(0.25);
    expect(total.labels).toEqual([["happiness", 0.75], ["sadness", 0.25]]);
    expect(totalOf(items, { from: 3, to: 5 })).toBeNull();
    expect(against(total, { ...total, valence: 0 })).toBe("The first seemed more pleasant than the second and about as lively.");
  });
  it("can be taken along as a table", () => {
    expect(csvOf([rollup(2000, 0.5), rollup(0, -1)], { from: 0, to: 3000 }).split("\r\n")[1]).toBe("1970-01-01T00:00:00.000Z,den,-1,0,0.5,1");
  });
});

describe("the log", () => {
  const line = (seq: number, level = "info"): LogLine => ({ seq, at: "", level, event: `event ${seq}`, fields: { driver: "hue" } });
  it("takes each line once, whatever comes again", () => {
    expect(withLines([line(1), line(2)], [line(2), line(3)]).map((one) => one.seq)).toEqual([1, 2, 3]);
  });
  it("shows what is wanted", () => {
    const lines = [line(1, "debug"), line(2), line(3, "error")];
    expect(fitting(lines, "info", "").map((one) => one.seq)).toEqual([2, 3]);
    expect(fitting(lines, "debug", "HUE")).toHaveLength(3);
    expect(fitting(lines, "debug", "event 3")).toHaveLength(1);
  });
});
