import { useState } from "preact/hooks";

import { post } from "../api";
import { command } from "../control";
import { can, Controls } from "../devices/Controls";
import { number, t } from "../i18n";
import { devices, me, roomsOf, scenes } from "../live";
import { kindWords, valueWords } from "../rules/tell";
import type { Device, Outcome } from "../types";
import { attempt, Empty, say, Sheet, Skeleton } from "../ui/parts";
import { percent } from "../words";

/** Tiles that are controls: tap is on/off, the slider is the level, "More" is everything else. */
export function Rooms() {
  const all = devices.value;
  if (!all) return <Skeleton height={320} />;
  const shown = all.filter((device) => !device.hidden && !device.disabled);
  if (!shown.length) {
    return (
      <Empty title={t("rooms.none")}>{t("rooms.noneText")}</Empty>
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
  const restore = { label: t("common.undo"), run: () => void attempt(() => post("/scenes/restore", { room })) };
  if (!failed.length) say(t("rooms.isOn", { name }), restore);
  else say(`${name}: ${failed.map((f) => `${f.device} ${f.reason || f.status}`).join("; ")}`, restore);
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
          aria-label={t("rooms.brightness", { name: device.name })}
          onChange={(event) => command(device, { level: Number(event.currentTarget.value) / 100 })}
        />
      )}
      <div class="row between" style={{ flexWrap: "nowrap" }}>
        <span>{device.simulated && <span class="tag">{t("common.simulated")}</span>}</span>
        <button class="btn quiet" style={{ flex: "none" }} onClick={() => setMore(true)} aria-label={t("rooms.moreAbout", { name: device.name })}>
          {t("common.more")}
        </button>
      </div>
      {more && <More device={device} close={() => setMore(false)} />}
    </div>
  );
}

/** What a device says of itself, shortest first. */
export function told(device: Device): string {
  if (!device.available) return t("told.away");
  const { state } = device;
  const parts: string[] = [];
  if (state.on !== null) parts.push(state.on ? [t("told.on"), state.level ? percent(state.level) : ""].filter(Boolean).join(" · ") : t("told.off"));
  if (state.target_c !== null) parts.push(t("told.to", { value: number(state.target_c, 1) }));
  if (state.playing) parts.push(state.playing);
  for (const [kind, value] of Object.entries(state.values)) parts.push(`${kindWords(kind)} ${typeof value === "number" ? number(value, 1) : valueWords(value)}`);
  return parts.slice(0, 3).join(" · ") || t("told.ready");
}

function More({ device, close }: { device: Device; close: () => void }) {
  const { info } = device;
  return (
    <Sheet title={device.name} close={close}>
      <Controls device={device} />
      <p class="small soft">
        {[info.manufacturer, info.model, info.version].filter(Boolean).join(" · ") || t("rooms.noModel")}
        {device.simulated && <span class="block">{t("device.simulated")}</span>}
      </p>
      {me.value?.access.includes("arrange") && (
        <a class="go" href={`/devices/${encodeURIComponent(device.id)}`}>
          {t("rooms.page")}
        </a>
      )}
    </Sheet>
  );
}
