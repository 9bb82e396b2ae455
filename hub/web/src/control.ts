/** Changing devices: shown at once, put back with a word when it did not come to be. */

import { post } from "./api";
import { devices, withDevice } from "./live";
import type { Device, Outcome } from "./types";
import { attempt, say } from "./ui/parts";

export interface Wish {
  on?: boolean;
  level?: number;
  kelvin?: number;
  xy?: [number, number];
  target?: number;
  volume?: number;
  speed?: number;
  position?: number;
  press?: boolean;
}

export async function command(device: Device, wish: Wish): Promise<void> {
  const before = device.state;
  show(device.id, wished(before, wish));
  const answer = await attempt(() => post<{ outcomes: Outcome[] }>(`/devices/${encodeURIComponent(device.id)}/commands`, wish));
  const failed = answer?.outcomes.find((outcome) => outcome.status !== "done");
  if (failed) say(`${device.name}: ${failed.reason || failed.status}`);
  if (failed || !answer) show(device.id, before);
}

/** How a device will be when it has done what is wished. */
export function wished(state: Device["state"], wish: Wish): Device["state"] {
  const on = wish.on ?? (wish.level === undefined ? state.on : wish.level > 0);
  return {
    ...state,
    on,
    level: wish.level ?? state.level,
    kelvin: wish.kelvin ?? (wish.xy ? null : state.kelvin),
    xy: wish.xy ?? (wish.kelvin === undefined ? state.xy : null),
    target_c: wish.target ?? state.target_c,
    volume: wish.volume ?? state.volume,
  };
}

function show(id: string, state: Device["state"]): void {
  const now = devices.value?.find((device) => device.id === id);
  if (devices.value && now) devices.value = withDevice(devices.value, { ...now, state });
}
