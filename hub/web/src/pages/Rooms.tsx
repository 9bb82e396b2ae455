import { useState } from "preact/hooks";

import { post } from "../api";
import { command } from "../control";
import { devices, roomsOf, scenes } from "../live";
import type { Capability, Device, Outcome } from "../types";
import { attempt, Empty, say, Sheet, Skeleton, Switch } from "../ui/parts";

/** Tiles that are controls: tap is on/off, the slider is the level, "More" is everything else. */
export function Rooms() {
  const all = devices.value;
  if (!all) return <Skeleton height={320} />;
  const shown = all.filter((device) => !device.hidden && !device.disabled);
  if (!shown.length) {
    return (
      <Empty title="No device yet">
        Devices appear here by themselves once a network is configured; “moodsync network” lets new ones
        join.
      </Empty>
    );
  }
  const rooms = roomsOf(shown);
  return (
    <>
      {rooms.map(({ id, name, devices: inside }) => (
        <section key={id ?? ""} class="list" aria-label={name}>
          <div class="row between">
            <h2>{name}</h2>
            {id && <Scenes room={id} />}
          </div>
          <div class="grid">
            {inside.map((device) => (
              <Tile key={device.id} device={device} />
            ))}
          </div>
        </section>
      ))}
    </>
  );
}

function Scenes({ room }: { room: string }) {
  const apply = (scene: string, name: string) =>
    attempt(async () => {
      report((await post<{ outcomes: Outcome[] }>(`/scenes/${scene}/apply`, { room })).outcomes, name, room);
    });
  return (
    <div class="row" style={{ gap: "8px" }}>
      {scenes.value.map((scene) => (
        <button class="btn chip" key={scene.id} onClick={() => apply(scene.id, scene.name)}>
          {scene.name}
        </button>
      ))}
    </div>
  );
}

function report(outcomes: Outcome[], name: string, room: string): void {
  const failed = outcomes.filter((outcome) => outcome.status !== "done");
  const restore = { label: "Undo", run: () => void attempt(() => post("/scenes/restore", { room })) };
  if (!failed.length) say(`${name} is on.`, restore);
  else say(`${name}: ${failed.map((f) => `${f.device} ${f.reason || f.status}`).join("; ")}`, restore);
}

export function can(device: Device, kind: string): Capability | undefined {
  return device.capabilities.find((capability) => capability.kind === kind);
}

function Tile({ device }: { device: Device }) {
  const [more, setMore] = useState(false);
  const { state } = device;
  const switches = can(device, "switchable");
  const dims = can(device, "dimmable");
  return (
    <div class={`tile ${state.on ? "on" : ""} ${device.available ? "" : "away"}`}>
      <button
        class="face"
        aria-pressed={switches ? state.on === true : undefined}
        disabled={!switches || !device.available}
        onClick={() => command(device, { on: !state.on })}
      >
        <strong>{device.name}</strong>
        <span class="small soft">{told(device)}</span>
      </button>
      {dims && device.available && (
        <input
          type="range"
          min={1}
          max={100}
          value={Math.round((state.level ?? 0) * 100)}
          aria-label={`brightness of ${device.name}`}
          onChange={(event) => command(device, { level: Number(event.currentTarget.value) / 100 })}
        />
      )}
      <div class="row between" style={{ flexWrap: "nowrap" }}>
        <span>{device.simulated && <span class="tag">simulated</span>}</span>
        <button class="btn quiet" style={{ flex: "none" }} onClick={() => setMore(true)} aria-label={`more about ${device.name}`}>
          More
        </button>
      </div>
      {more && <More device={device} close={() => setMore(false)} />}
    </div>
  );
}

/** What a device says of itself, shortest first. */
export function told(device: Device): string {
  if (!device.available) return "not reachable";
  const { state } = device;
  const parts: string[] = [];
  if (state.on !== null) parts.push(state.on ? (state.level ? `on · ${Math.round(state.level * 100)} %` : "on") : "off");
  if (state.target_c !== null) parts.push(`to ${state.target_c.toFixed(1)} °C`);
  if (state.playing) parts.push(state.playing);
  for (const [kind, value] of Object.entries(state.values)) {
    parts.push(`${kind.replaceAll("_", " ")} ${typeof value === "number" ? Math.round(value * 10) / 10 : value}`);
  }
  return parts.slice(0, 3).join(" · ") || "ready";
}

function More({ device, close }: { device: Device; close: () => void }) {
  const { state, info } = device;
  const tunes = can(device, "tunable");
  const heats = can(device, "heats");
  return (
    <Sheet title={device.name} close={close}>
      {can(device, "switchable") && (
        <Switch label="On" on={state.on === true} change={(on) => command(device, { on })} />
      )}
      {tunes && (
        <Slide
          label="White, warm to cold"
          min={Number(tunes.min_kelvin)}
          max={Number(tunes.max_kelvin)}
          value={state.kelvin ?? Number(tunes.min_kelvin)}
          unit="K"
          send={(kelvin) => command(device, { kelvin })}
        />
      )}
      {heats && (
        <Slide
          label="Target temperature"
          min={Math.max(5, Number(heats.min_c))}
          max={Math.min(30, Number(heats.max_c))}
          step={Number(heats.step_c) || 0.5}
          value={state.target_c ?? 20}
          unit="°C"
          send={(target) => command(device, { target })}
        />
      )}
      {can(device, "audible") && (
        <Slide label="Volume" min={0} max={100} value={Math.round((state.volume ?? 0) * 100)} unit="%" send={(v) => command(device, { volume: v / 100 })} />
      )}
      {can(device, "blows") && (
        <Slide label="Fan" min={0} max={100} value={Math.round(Number(state.values.speed ?? 0) * 100)} unit="%" send={(v) => command(device, { speed: v / 100 })} />
      )}
      {can(device, "covers") && (
        <Slide label="Open" min={0} max={100} value={Math.round(Number(state.values.position ?? 0) * 100)} unit="%" send={(v) => command(device, { position: v / 100 })} />
      )}
      <p class="small soft">
        {[info.manufacturer, info.model, info.version].filter(Boolean).join(" · ") || "Its network tells no model."}
        <br />
        <code>{device.id}</code>
        {device.simulated && " · simulated: nothing real happens"}
      </p>
    </Sheet>
  );
}

interface SlideProps {
  label: string;
  min: number;
  max: number;
  step?: number;
  value: number;
  unit: string;
  send: (value: number) => void;
}

function Slide({ label, min, max, step = 1, value, unit, send }: SlideProps) {
  const [held, hold] = useState<number | null>(null);
  return (
    <label class="field">
      <span>
        {label} <span class="num">{held ?? value} {unit}</span>
      </span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={held ?? value}
        onInput={(event) => hold(Number(event.currentTarget.value))}
        onChange={(event) => {
          hold(null);
          send(Number(event.currentTarget.value));
        }}
      />
    </label>
  );
}
