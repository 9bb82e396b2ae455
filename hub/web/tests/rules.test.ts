import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { choose } from "../src/i18n";
import { dryRunWords, type DryRun } from "../src/rules/dryrun";
import { choiceOf, MUSIC, musicName, REGION_NAMES, regionOf } from "../src/rules/named";
import * as rules from "../src/rules/rule";
import type { Rule } from "../src/rules/rule";
import { duration, tell, type Names } from "../src/rules/tell";
import { calmest } from "../src/scenes/scene";

const names: Names = {
  room: (id) => ({ den: "Den" })[id] ?? id,
  person: (id) => ({ ada: "Ada" })[id] ?? id,
  scene: (id) => ({ soft: "Soft evening" })[id] ?? id,
  device: (id) => id,
};
const TENSE: Rule = {
  room: "den",
  when: { mood: { valence: [-1, -0.2], arousal: [0.1, 1], confidence: 0.6 } },
  then: { scene: "soft" },
  for_s: 300,
  cooldown_s: 1800,
};

beforeEach(() => choose("en"));
afterEach(() => choose("en"));

describe("a rule in a sentence", () => {
  it("says mood, doubt, time, answer and quiet hours", () => {
    expect(tell(TENSE, names, { quiet_hours: ["23:00", "07:00"] })).toBe(
      "In Den, when the mood seems tense for 5 minutes, at least fairly sure, bring in Soft evening, " +
        "not again for 30 minutes, not between 23:00 and 07:00 (quiet hours).",
    );
  });
  it("names a person, and conditions after the trigger", () => {
    const rule: Rule = { ...TENSE, when: { ...TENSE.when, person: "ada", sun: "down", between: ["18:00", "22:00"] }, in_quiet_hours: true };
    const told = tell(rule, names, null);
    expect(told).toContain("when Ada seems tense");
    expect(told).toContain("and only from 18:00 to 22:00, and only while the sun is down,");
    expect(told).toMatch(/in quiet hours too\.$/);
  });
  it("tells sensors, presence, the clock, music and the way back", () => {
    const warm: Rule = { room: "den", when: { sensor: { device: "x:air", kind: "temperature", above: 26.5 } }, then: { restore: true } };
    expect(tell(warm, names, null)).toContain("when x:air says temperature above 26.5 for a moment, put back what was before,");
    const gone: Rule = { room: "den", when: { presence: false }, then: { music: { ...MUSIC.calm, volume: 0.25 } } };
    expect(tell(gone, names, null)).toContain("when nobody is there for a moment, play calm music at 25 % volume,");
    const evening: Rule = { room: "den", when: { between: ["20:00", "21:00"] }, then: { scene: "soft" } };
    expect(tell(evening, names, null)).toMatch(/^In Den, from 20:00 to 21:00, bring in/);
  });
  it("is whole in German too", async () => {
    await choose("de");
    expect(tell(TENSE, names, { quiet_hours: null })).toBe(
      "Im Raum Den: Wenn die Stimmung 5 Minuten lang angespannt wirkt, wenigstens ziemlich sicher, " +
        "Szene „Soft evening“ herstellen, danach 30 Minuten Pause, zu jeder Stunde (keine Ruhezeit gesetzt).",
    );
  });
  it("tells times in the largest whole unit", () => {
    expect([0, 1, 90, 120, 7200, 86_400, 172_800].map(duration)).toEqual(
      ["a moment", "1 second", "90 seconds", "2 minutes", "2 hours", "1 day", "2 days"],
    );
  });
});

describe("choices", () => {
  it("turn every named mood into its field and back, and keep how sure", () => {
    for (const name of [...REGION_NAMES, "any", "is:sadness,fear"]) {
      const region = regionOf(name, { valence: [0, 0.1], confidence: 0.8 });
      expect(choiceOf(region)).toBe(name);
      expect(region.confidence).toBe(0.8);
    }
  });
  it("leave numbers of one's own as they are", () => {
    const own = { valence: [-0.15, 0.2] as rules.Span, confidence: 0.4 };
    expect(choiceOf(own)).toBe("own");
    expect(regionOf("own", own)).toEqual({ ...own, arousal: [-1, 1] });
    const both = { labels: ["fear"], arousal: [0, 1] as rules.Span };
    expect(choiceOf(both)).toBe("own");
    expect(regionOf("own", both).labels).toEqual(["fear"]);
  });
  it("know music by its point", () => {
    expect(musicName({ ...MUSIC.sleep, volume: 0.1 })).toBe("sleep");
    expect(musicName({ valence: 0.11, energy: 0 })).toBe("own");
  });
  it("add and drop conditions without touching the rest", () => {
    const more = rules.addCondition(TENSE, "sun");
    expect(rules.conditionsOf(more.when)).toEqual(["sun"]);
    expect(rules.openConditions(more.when)).toEqual(["between", "presence"]);
    expect(rules.dropCondition(more, "sun")).toEqual(TENSE);
  });
  it("change what starts the rule and keep its other conditions", () => {
    const night = rules.addCondition(TENSE, "sun");
    const moved = rules.withTrigger(night, "sensor", "x:motion");
    expect(moved.when).toEqual({ sensor: { device: "x:motion", kind: "occupancy", is: true }, sun: "down" });
    expect(rules.triggerOf(rules.withTrigger(moved, "presence").when)).toBe("presence");
    for (const trigger of rules.TRIGGERS) {
      const changed = rules.withTrigger(night, trigger, "x:motion");
      expect(rules.triggerOf(changed.when)).toBe(trigger);
      expect(changed.then).toEqual(night.then);
    }
  });
  it("make ids of names and names of ids", () => {
    expect(rules.idOf("  Größe & Übermut 2! ")).toBe("groesse_uebermut_2");
    expect(rules.idOf("7 Ünï")).toBe("ueni");
    expect(rules.idOf("!!!")).toBe("");
    expect(rules.idOf("a".repeat(60))).toHaveLength(40);
    expect(rules.nameOf("soft_evening")).toBe("Soft evening");
  });
});

describe("last week in words", () => {
  const found: DryRun = { acted: 14, held: {}, times: [], since_ms: 0, moods: 5000, whole: true, wished: false };
  it("says how often, and who held it back most", () => {
    expect(dryRunWords(found, true)).toEqual({ main: "Would have acted 14 times last week.", notes: [] });
    const held = dryRunWords({ ...found, acted: 1, held: { cooldown: 1, quiet_hours: 3 } }, true);
    expect(held.main).toBe("Would have acted once last week.");
    expect(held.notes).toEqual(["Held back 4 times: quiet hours and it had acted only a moment ago."]);
  });
  it("admits that little or nothing was sensed", () => {
    expect(dryRunWords({ ...found, acted: 0, moods: 0 }, true).notes).toHaveLength(1);
    expect(dryRunWords({ ...found, acted: 0, moods: 30 }, true).notes[0]).toContain("30 moods");
    expect(dryRunWords({ ...found, acted: 0, moods: 0 }, false).notes).toEqual([]);
    expect(dryRunWords({ ...found, whole: false }, true).notes).toHaveLength(1);
  });
  it("says where it was asked about as acting sooner", () => {
    expect(dryRunWords({ ...found, wished: true }, true).notes[0]).toContain("sooner");
  });
});

describe("the first rule that is offered", () => {
  const scene = (id: string, level?: number) => ({ id, etag: "", scene: level === undefined ? {} : { lights: { level } } });
  it("answers with the dimmest light that is on", () => {
    expect(calmest([scene("bright", 1), scene("off", 0), scene("soft", 0.3), scene("none")])).toBe("soft");
  });
  it("answers with no scene where there is none", () => {
    expect(calmest([])).toBeUndefined();
  });
});
