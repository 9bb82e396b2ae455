/** A scene as the hub keeps it (hub/settings/scenes.py), and what it does in words. */

import { counted, listed, number, t } from "../i18n";
import { musicName } from "../rules/named";
import { percent } from "../words";

export interface LightPart {
  on?: boolean;
  level?: number | null;
  kelvin?: number | null;
  xy?: [number, number] | null;
  transition_s?: number;
}

export interface MusicPart {
  valence?: number;
  energy?: number;
  volume?: number | null;
  stop?: boolean;
}

/** What is left out stays as it is in the room. */
export interface Scene {
  name?: string;
  lights?: LightPart;
  devices?: Record<string, LightPart>;
  music?: MusicPart;
  target_c?: number;
  fan?: number;
  cover?: number;
}

export interface KnownScene {
  id: string;
  scene: Scene;
  etag: string;
}

/** The scene with the dimmest light that is on: what to offer to a room that seems tense. */
export function calmest(scenes: readonly KnownScene[]): string | undefined {
  const level = ({ scene }: KnownScene) => scene.lights?.level || 1;
  return [...scenes].sort((a, b) => level(a) - level(b))[0]?.id;
}

export const FADE_S = 2;

/** "Lights 30 %, calm music and 21 °C"; "" where it changes nothing yet. */
export function sceneWords(scene: Scene): string {
  const parts: string[] = [];
  if (scene.lights) parts.push(lightWords(scene.lights));
  const own = Object.keys(scene.devices ?? {}).length;
  if (own) parts.push(counted("scenes.says.own", own));
  if (scene.music) parts.push(scene.music.stop ? t("scenes.musicStop") : t(`music.${musicOf(scene.music)}`));
  if (scene.target_c !== undefined) parts.push(t("scenes.says.target", { value: number(scene.target_c, 1) }));
  if (scene.fan !== undefined) parts.push(t("scenes.says.fan", { level: percent(scene.fan) }));
  if (scene.cover !== undefined) parts.push(t("scenes.says.cover", { level: percent(scene.cover) }));
  const said = listed(parts);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

export function lightWords(light: LightPart): string {
  if (light.on === false) return t("scenes.says.off");
  return t("scenes.says.lights", { level: light.level === undefined || light.level === null ? "" : percent(light.level) }).trim();
}

export function musicOf(music: MusicPart): ReturnType<typeof musicName> {
  return musicName({ valence: music.valence ?? 0, energy: music.energy ?? 0 });
}

/** Change parts; `undefined` takes a part away, so that it stays as it is in the room. */
export function withParts(scene: Scene, changes: { [K in keyof Scene]?: Scene[K] | undefined }): Scene {
  return Object.fromEntries(Object.entries({ ...scene, ...changes }).filter(([, value]) => value !== undefined)) as Scene;
}

/** Take one light's own setting away. */
export function withoutDevice(scene: Scene, device: string): Scene {
  const { [device]: _, ...rest } = scene.devices ?? {};
  return withParts(scene, { devices: Object.keys(rest).length ? rest : undefined });
}
