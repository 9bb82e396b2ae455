import { describe, expect, it } from "vitest";

import { errorOf } from "../src/api";
import { seriesOf } from "../src/plane/past";
import { haloRadius, place } from "../src/plane/MoodPlane";
import { ago, howSure, placeOnPlane, seems } from "../src/words";

describe("words", () => {
  it("speak of seeming and of doubt", () => {
    expect(seems("happiness")).toBe("seems content");
    expect(seems("bliss")).toBe("seems bliss");
    expect([0.9, 0.8, 0.7, 0.5, 0.1].map(howSure)).toEqual([
      "very sure",
      "very sure",
      "fairly sure",
      "a guess",
      "barely a guess",
    ]);
  });
  it("tell times as people do", () => {
    const now = 1_000_000_000;
    const told = [0, 5 * 60e3, 3 * 3600e3, 30 * 3600e3, 80 * 3600e3].map((age) => ago(now - age, now));
    expect(told).toEqual(["just now", "5 min ago", "3 h ago", "yesterday", "3 days ago"]);
  });
  it("say where a mood lies", () => {
    expect(placeOnPlane(0.6, -0.5)).toBe("pleasant and quiet");
    expect(placeOnPlane(0, 0)).toBe("neutral and of middle energy");
  });
});

describe("the plane", () => {
  it("puts pleasant right and energetic up, and keeps odd numbers inside", () => {
    const [left, low] = place({ valence: -1, arousal: -1 });
    const [right, high] = place({ valence: 1, arousal: 1 });
    expect(left).toBeLessThan(right);
    expect(high).toBeLessThan(low);
    expect(place({ valence: 9, arousal: -9 })).toEqual([right, low]);
  });
  it("shows doubt as a wider halo", () => {
    expect(haloRadius(0.2)).toBeGreaterThan(haloRadius(0.9));
    expect(haloRadius(7)).toBe(haloRadius(1));
  });
});

describe("history", () => {
  const item = (minute: number, valence = 0.5) => ({
    at_ms: minute * 60_000,
    room: "den",
    moods: 1,
    valence,
    arousal: 0,
    confidence: 0.5,
    labels: {},
  });
  it("is drawn in order, with a gap where nothing was sensed", () => {
    const { at, valence } = seriesOf([3, 2, 1, 60, 61].map((minute) => item(minute)));
    expect(valence).toEqual([0.5, 0.5, 0.5, null, 0.5, 0.5]);
    expect([...at].sort((a, b) => a - b)).toEqual(at);
  });
  it("of one point and of none is drawn too", () => {
    expect(seriesOf([item(1)]).at).toHaveLength(1);
    expect(seriesOf([]).at).toHaveLength(0);
  });
});

describe("errors", () => {
  it("read problem+json, and whatever else comes", () => {
    const told = errorOf(409, { title: "Conflict", detail: "it changed", code: "changed", mend: "load again" });
    expect([told.message, told.mend, told.code, told.offline]).toEqual(["it changed", "load again", "changed", false]);
    expect(errorOf(502, "<html>").message).toBe("The hub answered with 502.");
  });
});
