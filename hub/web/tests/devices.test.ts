import { beforeEach, describe, expect, it } from "vitest";

import { cssOf, hueOf, xyOf } from "../src/devices/color";
import { argumentsOf, howOf, joins, lastsS, sentOf, titleOf, type Operation } from "../src/devices/join";
import { choose } from "../src/i18n";
import { sceneWords, withoutDevice, withParts } from "../src/scenes/scene";

const operation: Operation = {
  driver: "zwave",
  name: "permit_join",
  summary: "Let one new device join; press its button meanwhile",
  limit_s: 300,
  destroys: false,
  arguments: {
    properties: {
      seconds: { type: "integer", default: 60, minimum: 10, maximum: 240, description: "for how long" },
      pin: { anyOf: [{ type: "string", format: "password", writeOnly: true }, { type: "null" }], default: null },
      strategy: { $ref: "#/$defs/Strategy", default: "default" },
      force: { type: "boolean", default: false, description: "by force" },
      device: { type: "string" },
    },
    required: ["device"],
    $defs: { Strategy: { enum: ["default", "insecure"], type: "string" } },
  },
};

beforeEach(() => choose("en"));

describe("an operation of a network", () => {
  const list = argumentsOf(operation.arguments);
  it("becomes a form from its description alone", () => {
    expect(list.map((one) => [one.name, one.kind, one.required, one.first])).toEqual([
      ["seconds", "number", false, "60"],
      ["pin", "secret", false, ""],
      ["strategy", "choice", false, "default"],
      ["force", "yes", false, "false"],
      ["device", "text", true, ""],
    ]);
    expect(list[0]).toMatchObject({ label: "For how many seconds", minimum: 10, maximum: 240 });
    expect(list.map((one) => one.label).slice(1, 4)).toEqual(["pin", "strategy", "by force"]); // the driver's own words
    expect(list[2]!.options).toEqual(["default", "insecure"]);
  });
  it("asks in the app's language, for what this operation means by a name", async () => {
    await choose("de");
    const code = { properties: { code: { type: "string" }, device: { type: "string" } } };
    expect(argumentsOf(code, "commission")[0]!.label).toMatch(/^Der Code auf dem Gerät/);
    expect(argumentsOf(code, "permit_join_with_code").map((one) => one.label)).toEqual(["code", "Welches Gerät, mit seiner Kennung"]);
  });
  it("sends what was typed in its type, and leaves out what is empty", () => {
    expect(sentOf(list, { seconds: "30", force: "true", device: "zwave:3" })).toEqual({ seconds: 30, strategy: "default", force: true, device: "zwave:3" });
    expect(lastsS(operation, { seconds: 30 })).toBe(30);
    expect(lastsS(operation, {})).toBe(300);
  });
  it("has words of the app where there are some, else the driver's", () => {
    expect(joins(operation)).toBe(true);
    expect(titleOf(operation)).toBe("Let devices join");
    expect(howOf({ ...operation, name: "rebuild_routes" })).toBe(operation.summary);
  });
});

describe("a colour", () => {
  it("goes to a lamp and comes back", () => {
    for (let hue = 0; hue < 360; hue += 15) {
      for (const saturation of [0.4, 0.7, 1]) {
        const back = hueOf(xyOf(hue, saturation));
        expect(Math.min(Math.abs(back.hue - hue), 360 - Math.abs(back.hue - hue)), `${hue} ${saturation}`).toBeLessThanOrEqual(3);
        expect(Math.abs(back.saturation - saturation)).toBeLessThan(0.03);
      }
    }
  });
  it("has the primaries and the white of sRGB where the standard puts them", () => {
    const near = (found: number[], wanted: number[]) => found.forEach((part, index) => expect(part).toBeCloseTo(wanted[index]!, 3));
    near(xyOf(0, 1), [0.64, 0.33]);
    near(xyOf(120, 1), [0.3, 0.6]);
    near(xyOf(240, 1), [0.15, 0.06]);
    near(xyOf(77, 0), [0.3127, 0.329]);
  });
  it("outside of what a screen shows is taken to the edge", () => {
    expect(hueOf([0.7, 0.29]).saturation).toBe(1);
    expect(cssOf(0, 1)).toBe("rgb(255 0 0)");
  });
});

describe("a scene", () => {
  it("says what it does", () => {
    const scene = { lights: { level: 0.3 }, devices: { a: { on: false } }, music: { valence: 0.4, energy: -0.5 }, target_c: 21, cover: 0 };
    expect(sceneWords(scene)).toMatch(/^Lights 30 %, 1 light of its own, calm music, 21 °C,? and blinds 0 % open$/);
    expect(sceneWords({ name: "Nothing" })).toBe("");
  });
  it("leaves out what stays as it is", () => {
    expect(withParts({ name: "A", fan: 1, cover: 1 }, { fan: undefined })).toEqual({ name: "A", cover: 1 });
    expect(withoutDevice({ devices: { a: {}, b: {} } }, "a")).toEqual({ devices: { b: {} } });
    expect(withoutDevice({ devices: { a: {} } }, "a")).toEqual({});
  });
});
