import { beforeEach, describe, expect, it } from "vitest";

import { choose } from "../src/i18n";
import { consentMeans, consentNow, mayChange, recordsOf, SENSES, type Person, type Sense } from "../src/people/consent";
import type { Sensing } from "../src/types";

const person = (name: string, allows: Partial<Record<Sense, boolean>>, lives_in: string[] = []): Person => ({
  id: name.toLowerCase(),
  name,
  lives_in,
  allows: { face: false, voice: false, text: false, body: false, ...allows },
  yours: false,
});
const source = (sense: Sense, room: string, state: string): Sensing => ({ source: `${sense}:${room}`, room, sense, state, reason: "", allowed: true, simulated: false });
const room = (id: string) => id.toUpperCase();

beforeEach(() => choose("en"));

describe("what a consent does now", () => {
  const ada = person("Ada", { face: true, text: true, body: true });
  const bob = person("Bob", {}, ["den"]);
  it("says where a sense works, and who it still waits for", () => {
    expect(consentNow(ada, "face", [source("face", "den", "on")], [ada], false, room)).toBe("Working now in DEN.");
    expect(consentNow(ada, "face", [source("face", "den", "off")], [ada, bob], false, room)).toBe("Waits in DEN for the consent of Bob.");
    expect(consentNow(ada, "face", [source("face", "hall", "off")], [ada, bob], false, room)).toBe("Agreed.");
  });
  it("says off, paused, and that nothing is set up", () => {
    expect(consentNow(ada, "voice", [], [ada], false, room)).toBe("Off.");
    expect(consentNow(ada, "face", [source("face", "den", "off")], [ada], true, room)).toBe("Agreed, and paused now.");
    expect(consentNow(ada, "face", [], [ada], false, room)).toBe("Agreed; there is nothing set up for it.");
    expect(consentNow(ada, "text", [], [ada], true, room)).toBe("Agreed.");
  });
  it("does not count rooms in which somebody does not live", () => {
    const eve = person("Eve", { face: true }, ["hall"]);
    expect(consentNow(eve, "face", [source("face", "den", "on")], [eve], false, room)).toBe("Agreed; there is nothing set up for it.");
  });
  it("goes on for a heart strap while cameras are paused", () => {
    expect(consentNow(ada, "body", [source("body", "den", "on")], [ada, bob], true, room)).toBe("Working now in DEN.");
  });
});

describe("consent", () => {
  it("says of every sense what is kept, in both languages", async () => {
    for (const sense of SENSES) expect(consentMeans(sense)).toContain("Kept: ");
    await choose("de");
    for (const sense of SENSES) expect(consentMeans(sense)).toContain("Bleibt: ");
  });
  it("is one's own to give; an adult may take another's back", () => {
    const bob = person("Bob", { face: true });
    expect(mayChange({ ...bob, yours: true }, "voice", false)).toBe(true);
    expect(mayChange(bob, "face", true)).toBe(true);
    expect(mayChange(bob, "voice", true)).toBe(false);
    expect(mayChange(bob, "face", false)).toBe(false);
  });
});

describe("what an erase takes", () => {
  it("counts each record once and joins the summaries", () => {
    const files = { "readings.json": 3, "readings.csv": 3, "rollups_hour.json": 2, "rollups_day.json": 1, "moods.json": 0 };
    expect(recordsOf(files)).toEqual([["readings", 3], ["rollups", 3]]);
  });
});
