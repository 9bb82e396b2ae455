import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { ApiError, get, post, put, remove } from "../api";
import { Color } from "../devices/Controls";
import { number, t } from "../i18n";
import { devices, refresh, rooms } from "../live";
import { go } from "../route";
import { MUSIC, MUSIC_NAMES, type MusicName } from "../rules/named";
import { idOf, nameOf } from "../rules/rule";
import { duration } from "../rules/tell";
import { Steps } from "../rules/Sentence";
import type { Outcome } from "../types";
import { Choice, Field } from "../ui/Choice";
import { Conflict } from "../ui/Conflict";
import { attempt, say, Switch } from "../ui/parts";
import { Slide, WARM_TO_COLD } from "../ui/Slide";
import { percent } from "../words";
import { Preview } from "./preview";
import { FADE_S, lightWords, musicOf, sceneWords, withoutDevice, withParts, type KnownScene, type LightPart, type MusicPart, type Scene } from "./scene";

interface Props {
  known: KnownScene | null;
  ids: readonly string[];
  done: () => void;
}

const share = (value: number) => percent(value / 100);

/** One scene: each part is changed or left as it is; trying it can be taken back. */
export function SceneEditor({ known, ids, done }: Props) {
  const [scene, setScene] = useState<Scene>(known?.scene ?? { lights: { level: 0.5, kelvin: 2700 } });
  const [name, setName] = useState(known ? (known.scene.name ?? nameOf(known.id)) : "");
  const [etag, setEtag] = useState(known?.etag);
  const [theirs, setTheirs] = useState<KnownScene | "gone" | null>(null);
  const [room, setRoom] = useState(rooms.value[0]?.id ?? "");
  const [tried, setTried] = useState(false);
  const id = known?.id ?? idOf(name);
  const nameError = !id ? t("scenes.nameMissing") : !known && !etag && ids.includes(id) ? t("scenes.nameTaken") : "";
  const empty = sceneWords(scene) === "";
  const set = (changes: Parameters<typeof withParts>[1]) => setScene(withParts(scene, changes));

  /** Save what is shown; true where that went well. */
  const save = async (match: string | undefined): Promise<boolean> => {
    setTried(true);
    if (nameError || empty) return false;
    try {
      const saved = await put<KnownScene>(`/scenes/${id}`, { ...scene, name: name.trim() }, match ? { ifMatch: match } : {});
      setEtag(saved.etag);
      setTheirs(null);
      done();
      await refresh();
      return true;
    } catch (err) {
      if (!(err instanceof ApiError) || err.status !== 412) throw err;
      setTheirs(await get<KnownScene>(`/scenes/${id}`).catch(() => "gone" as const));
      return false;
    }
  };
  const keep = (match: string | undefined) =>
    attempt(async () => {
      if (!(await save(match))) return;
      say(t("common.saved"));
      go("/scenes");
    });
  const [showing, setShowing] = useState(false);
  const [failed, setFailed] = useState("");
  const preview = useMemo(() => new Preview((told) => setFailed(told instanceof Error ? told.message : failedOf(told))), []);
  useEffect(() => {
    if (showing && room && !empty) preview.show(room, scene);
  }, [showing, room, scene]);
  useEffect(() => {
    const end = () => void preview.end();
    addEventListener("pagehide", end);
    return () => {
      removeEventListener("pagehide", end);
      end();
    };
  }, []);
  const showIt = (on: boolean) => {
    setShowing(on);
    setFailed("");
    if (!on) void preview.end();
  };
  const drop = () =>
    attempt(async () => {
      await remove(`/scenes/${id}`, etag ? { ifMatch: etag } : {});
      const back = () =>
        attempt(async () => {
          await put(`/scenes/${id}`, known!.scene);
          done();
          await refresh();
          say(t("common.undone", { name }));
        });
      done();
      await refresh();
      go("/scenes");
      say(t("common.deleted", { name }), { label: t("common.undo"), run: () => void back() });
    });

  return (
    <div class="panes">
      <section class="card" aria-label={name || t("scenes.new")}>
        <Field label={t("common.name")} error={tried ? nameError : undefined}>
          <input type="text" maxLength={60} value={name} aria-invalid={tried && !!nameError} onInput={(event) => setName(event.currentTarget.value)} />
        </Field>
        <p class="soft">{empty ? t("scenes.nothing") : sceneWords(scene)}</p>
        {theirs && (
          <Conflict
            gone={theirs === "gone"}
            theirs={theirs === "gone" ? null : sceneWords(theirs.scene)}
            keep={() => keep(theirs === "gone" ? undefined : theirs.etag)}
            take={() => {
              done();
              if (theirs === "gone") return go("/scenes");
              setScene(theirs.scene);
              setName(theirs.scene.name ?? name);
              setEtag(theirs.etag);
              setTheirs(null);
            }}
          />
        )}
        <div class="row">
          {!theirs && (
            <button class="btn main" disabled={empty} onClick={() => keep(etag)}>
              {t("common.save")}
            </button>
          )}
          <a class="btn" href="/scenes">
            {t("common.cancel")}
          </a>
          {known && (
            <button class="btn danger end" onClick={drop}>
              {t("common.delete")}
            </button>
          )}
        </div>
        {rooms.value.length > 0 && (
          <div class="inset">
            <Switch label={t("scenes.show")} note={t("scenes.showNote")} on={showing} disabled={empty} change={showIt} />
            {rooms.value.length > 1 && (
              <Field label={t("scenes.showIn")}>
                <select value={room} onChange={(event) => setRoom(event.currentTarget.value)}>
                  {rooms.value.map((one) => (
                    <option key={one.id} value={one.id} selected={one.id === room}>
                      {one.name}
                    </option>
                  ))}
                </select>
              </Field>
            )}
            {showing && <p class="small" role="status">{failed || t("scenes.shown", { room: rooms.value.find((one) => one.id === room)?.name ?? room })}</p>}
          </div>
        )}
      </section>
      <div class="list">
        <Part title={t("scenes.lights")} on={scene.lights !== undefined} change={(on) => set({ lights: on ? { level: 0.5, kelvin: 2700 } : undefined })}>
          {scene.lights && <Light light={scene.lights} change={(lights) => set({ lights })} />}
        </Part>
        {scene.devices && (
          <section class="card" aria-label={t("scenes.devices")}>
            <h2>{t("scenes.devices")}</h2>
            {Object.entries(scene.devices).map(([device, light]) => (
              <details key={device}>
                <summary>
                  {devices.value?.find((one) => one.id === device)?.name ?? device}: {lightWords(light)}
                </summary>
                <div class="list">
                  <Light light={light} change={(next) => set({ devices: { ...scene.devices, [device]: next } })} />
                  <button class="btn" onClick={() => setScene(withoutDevice(scene, device))}>
                    {t("common.remove")}
                  </button>
                </div>
              </details>
            ))}
          </section>
        )}
        <Part title={t("scenes.music")} on={scene.music !== undefined} change={(on) => set({ music: on ? { ...MUSIC.calm } : undefined })}>
          {scene.music && <Music music={scene.music} change={(music) => set({ music })} />}
        </Part>
        <Part title={t("scenes.warmth")} on={scene.target_c !== undefined} change={(on) => set({ target_c: on ? 21 : undefined })}>
          <Slide label={t("scenes.warmth")} min={5} max={30} step={0.5} value={scene.target_c ?? 21} say={(value) => `${number(value, 1)} °C`} change={(target_c) => set({ target_c })} />
        </Part>
        <Part title={t("scenes.fan")} on={scene.fan !== undefined} change={(on) => set({ fan: on ? 0.5 : undefined })}>
          <Slide label={t("scenes.fan")} min={0} max={100} value={Math.round((scene.fan ?? 0) * 100)} say={share} change={(value) => set({ fan: value / 100 })} />
        </Part>
        <Part title={t("scenes.cover")} on={scene.cover !== undefined} change={(on) => set({ cover: on ? 0 : undefined })}>
          <Slide label={t("scenes.cover")} min={0} max={100} value={Math.round((scene.cover ?? 0) * 100)} say={share} change={(value) => set({ cover: value / 100 })} />
        </Part>
      </div>
    </div>
  );
}

/** Bring a scene into a room; a toast offers the way back. */
export async function applyScene(id: string, name: string, room: string): Promise<void> {
  const roomName = rooms.value.find((one) => one.id === room)?.name ?? room;
  const { outcomes } = await post<{ outcomes: Outcome[] }>(`/scenes/${id}/apply`, { room });
  const back = () =>
    attempt(async () => {
      await post("/scenes/restore", { room });
      say(t("scenes.wasBack", { room: roomName }));
    });
  const failed = failedOf(outcomes);
  const told = failed
    ? t("scenes.failed", { name, what: failed })
    : t("scenes.isOn", { name, room: roomName });
  say(told, { label: t("scenes.putBack"), run: () => void back() });
}

/** What did not work, device by device; "" where all did. */
function failedOf(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter((one) => one.status !== "done");
  return failed.map((one) => `${devices.value?.find((d) => d.id === one.device)?.name ?? one.device}: ${one.reason || one.status}`).join("; ");
}

function Part({ title, on, change, children }: { title: string; on: boolean; change: (on: boolean) => void; children: ComponentChildren }) {
  return (
    <section class="card" aria-label={title}>
      <Switch label={title} note={on ? "" : t("scenes.asIs")} on={on} change={change} />
      {on && children}
    </section>
  );
}

function Light({ light, change }: { light: LightPart; change: (light: LightPart) => void }) {
  const colored = light.xy !== undefined && light.xy !== null;
  return (
    <>
      <Switch label={t("scenes.lightsOn")} on={light.on !== false} change={(on) => change({ ...light, on })} />
      {light.on !== false && (
        <>
          <Slide label={t("scenes.level")} min={1} max={100} value={Math.round((light.level ?? 0.5) * 100)} say={share} change={(level) => change({ ...light, level: level / 100 })} />
          <Switch
            label={t("scenes.color")}
            on={colored}
            change={(on) => change(on ? { ...light, kelvin: null, xy: [0.5, 0.4] } : { ...light, kelvin: 2700, xy: null })}
          />
          {colored ? (
            <Color xy={light.xy ?? null} change={(xy) => change({ ...light, xy, kelvin: null })} />
          ) : (
            <Slide
              label={t("scenes.white")}
              min={1500}
              max={6500}
              step={50}
              value={light.kelvin ?? 2700}
              say={(kelvin) => `${number(kelvin)} K`}
              track={WARM_TO_COLD}
              change={(kelvin) => change({ ...light, kelvin, xy: null })}
            />
          )}
        </>
      )}
      <div class="row between">
        <span>{t("scenes.fade")}</span>
        <Steps label={t("scenes.fade")} value={light.transition_s ?? FADE_S} steps={[0, 1, 2, 4, 10, 30, 60, 300]} say={duration} change={(transition_s) => change({ ...light, transition_s })} />
      </div>
    </>
  );
}

function Music({ music, change }: { music: MusicPart; change: (music: MusicPart) => void }) {
  const named = musicOf(music);
  const value = music.stop ? "stop" : named;
  const names = named === "own" ? [...MUSIC_NAMES, named] : MUSIC_NAMES;
  return (
    <>
      <Choice
        label={t("scenes.music")}
        value={value as string}
        options={[...names.map((name) => ({ value: name as string, label: t(`music.${name}`) })), { value: "stop", label: t("scenes.musicStop") }]}
        change={(next) => change(next === "stop" ? { stop: true } : { ...(next === "own" ? music : MUSIC[next as MusicName]), ...(music.volume ? { volume: music.volume } : {}), stop: false })}
      />
      {!music.stop && (
        <Slide label={t("control.volume")} min={0} max={100} value={Math.round((music.volume ?? 0.3) * 100)} say={share} change={(volume) => change({ ...music, volume: volume / 100 })} />
      )}
    </>
  );
}
