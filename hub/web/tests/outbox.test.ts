import { describe, expect, it } from "vitest";

import { ApiError } from "../src/api";
import { wished } from "../src/control";
import { suggestedName } from "../src/device";
import { isForLater } from "../src/outbox";
import { mend } from "../src/pairing/pair";
import { NotTheHub } from "../src/pairing/protocol";

describe("what waits to be sent", () => {
  it("is kept for what another try may mend, and given up for what the hub refuses", () => {
    const later = (status: number) => isForLater(new ApiError(status, "", ""));
    expect([0, 401, 408, 429, 500, 503].map(later)).toEqual(Array(6).fill(true));
    expect([400, 403, 404, 409, 413, 422].map(later)).toEqual(Array(6).fill(false));
  });
});

describe("a wish", () => {
  const state = { on: false, level: 0.5, kelvin: null, xy: null, target_c: 20, playing: null, volume: 0.2, values: {} };
  it("is shown as it will be when it is done", () => {
    expect(wished(state, { on: true })).toEqual({ ...state, on: true });
    expect(wished(state, { level: 0.3 })).toEqual({ ...state, on: true, level: 0.3 });
    expect(wished(state, { target: 21 })).toEqual({ ...state, target_c: 21 });
    expect(wished(state, { volume: 0 })).toEqual({ ...state, volume: 0 });
  });
});

describe("pairing that fails", () => {
  it("is told in words with what helps, whatever it was", () => {
    const codes = ["closed", "wrong_digits", "wrong_secret", "malformed", "too_many", "offline", "old_browser"];
    const told = [new NotTheHub(), ...codes.map((code) => new ApiError(code === "offline" ? 0 : 409, code, "It failed.", "Do this."))].map(mend);
    for (const { what, help } of told) {
      expect(what).toMatch(/\.$/);
      expect(help).not.toBe("");
    }
    expect(new Set(told.map(({ what }) => what)).size).toBeGreaterThanOrEqual(6);
  });
});

describe("a device", () => {
  it("suggests a name for itself", () => {
    const chrome = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36";
    const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
    const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    expect([chrome, safari, firefox, "?"].map(suggestedName)).toEqual(["Android, Chrome", "iPhone, Safari", "Linux, Firefox", "Browser"]);
  });
});
