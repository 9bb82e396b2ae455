import { describe, expect, it } from "vitest";

import { withDevice, withRoom } from "../src/live";
import { told } from "../src/pages/Rooms";
import type { Device, Moods, RoomMood } from "../src/types";

const room = (id: string, name = id): RoomMood => ({ room: id, name, mood: null, senses: [], decisions: [] });
const device = (id: string, more: Partial<Device> = {}): Device => ({
  id,
  name: id,
  driver: "x",
  room: null,
  available: true,
  simulated: false,
  hidden: false,
  disabled: false,
  capabilities: [],
  state: { on: null, level: null, kelvin: null, xy: null, target_c: null, playing: null, volume: null, values: {} },
  info: { manufacturer: "", model: "", version: "", suggested_room: "" },
  last_seen_ms: null,
  ...more,
});

describe("live updates", () => {
  it("replace a room in its place and add one that is new", () => {
    const before: Moods = { privacy: true, sensing: [], rooms: [room("den"), room("hall")] };
    expect(withRoom(before, room("den", "Den")).rooms.map((r) => r.name)).toEqual(["Den", "hall"]);
    expect(withRoom(before, room("bath")).rooms).toHaveLength(3);
    expect(withRoom(before, room("den")).privacy).toBe(true);
  });
  it("replace, add and take out devices", () => {
    const before = [device("a"), device("b")];
    expect(withDevice(before, device("a", { name: "Lamp" })).map((d) => d.name)).toEqual(["Lamp", "b"]);
    expect(withDevice(before, device("c"))).toHaveLength(3);
    expect(withDevice(before, { gone: "a" }).map((d) => d.id)).toEqual(["b"]);
  });
});

describe("a device", () => {
  it("says shortly how it is", () => {
    const state = device("a").state;
    expect(told(device("a", { available: false }))).toBe("not reachable");
    expect(told(device("a", { state: { ...state, on: true, level: 0.3 } }))).toBe("on · 30 %");
    expect(told(device("a", { state: { ...state, values: { temperature: 19.34 } } }))).toBe("temperature 19.3");
    expect(told(device("a"))).toBe("ready");
  });
});
