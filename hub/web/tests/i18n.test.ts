import { describe, expect, it } from "vitest";

import { bestOf, choose, counted, fill, t } from "../src/i18n";
import { de } from "../src/i18n/de";
import { en } from "../src/i18n/en";

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!).sort();
const keys = Object.keys(en) as (keyof typeof en)[];

describe("the catalogues", () => {
  it("hold the same messages", () => {
    expect(Object.keys(de).sort()).toEqual([...keys].sort());
  });
  it("have the same places to fill, and no message is empty", () => {
    for (const key of keys) {
      // What is said once may leave its number out.
      const given = (text: string) => new Set(places(text).filter((name) => !(/\.(one|other)$/.test(key) && name === "n")));
      expect(given(de[key]), key).toEqual(given(en[key]));
      expect(de[key].trim(), key).not.toBe("");
      expect(en[key].trim(), key).not.toBe("");
    }
  });
  it("have both forms of what is counted", () => {
    for (const key of keys) {
      if (key.endsWith(".one")) expect(keys).toContain(key.replace(/one$/, "other"));
    }
  });
  it("are two languages: what is long reads differently", () => {
    const alike = keys.filter((key) => en[key].split(" ").length > 3 && en[key] === de[key]);
    expect(alike).toEqual([]);
  });
});

describe("speaking", () => {
  it("takes the browser's first language that there is", () => {
    expect(bestOf(["fr-FR", "de-AT", "en"])).toBe("de");
    expect(bestOf(["fr"])).toBe("en");
    expect(bestOf([])).toBe("en");
  });
  it("fills places in, with text or with elements", async () => {
    await choose("en");
    expect(t("common.deleted", { name: "A" })).toBe("“A” is deleted.");
    expect(fill("rule.and.between", { from: 1, to: 2 })).toEqual(["and only from ", 1, " to ", 2, ","]);
    expect(counted("time.days", 1)).toBe("1 day");
    await choose("de");
    expect(counted("time.days", 2)).toBe("2 Tage");
    await choose("en");
  });
});
