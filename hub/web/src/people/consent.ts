/** What a consent does right now, in words: pure, from what the hub tells. */

import { listed, t, type Key } from "../i18n";
import type { Sensing } from "../types";

export type Sense = "face" | "voice" | "text" | "body";
export const SENSES: readonly Sense[] = ["face", "voice", "text", "body"];

export interface Person {
  id: string;
  name: string;
  lives_in: string[];
  allows: Record<string, boolean>;
  /** True where who asks may decide for them. */
  yours: boolean;
  /** Whether the adults see this person's own mood; left out by hubs that do not tell. */
  shares?: boolean;
}

/** What is kept and what is not, for somebody who decides. */
export function consentMeans(sense: Sense): string {
  return t(`consent.${sense}` as Key);
}

/** Why a sense of a person works now, or does not. */
export function consentNow(
  person: Person,
  sense: Sense,
  sources: readonly Sensing[],
  everyone: readonly Person[],
  paused: boolean,
  roomName: (id: string) => string,
): string {
  if (!person.allows[sense]) return t("consent.now.off");
  if (sense === "text") return t("consent.now.ready");
  const here = sources.filter((one) => one.sense === sense && livesIn(person, one.room));
  if (!here.length) return t("consent.now.nothing");
  if (paused && sense !== "body") return t("consent.now.paused");
  const on = here.filter((one) => one.state === "on");
  if (on.length) return t("consent.now.on", { rooms: rooms(on, roomName) });
  const waits = here.filter((one) => missing(one.room, sense, everyone).length);
  if (!waits.length || sense === "body") return t("consent.now.ready");
  const names = [...new Set(waits.flatMap((one) => missing(one.room, sense, everyone)))];
  return t("consent.now.waits", { rooms: rooms(waits, roomName), names: listed(names) });
}

/** Who decides whether this may be changed: giving is one's own, taking back any adult's. */
export function mayChange(person: Person, sense: Sense, adult: boolean): boolean {
  return person.yours || (adult && person.allows[sense] === true);
}

/** Records by kind: the same rows stand in the export as JSON and as CSV, and count once. */
export function recordsOf(files: Record<string, number>): [kind: string, records: number][] {
  const found = new Map<string, number>();
  for (const [file, count] of Object.entries(files)) {
    if (!file.endsWith(".json")) continue;
    const kind = file.slice(0, -".json".length).replace(/^rollups_.*/, "rollups");
    found.set(kind, (found.get(kind) ?? 0) + count);
  }
  return [...found].filter(([, count]) => count > 0);
}

function missing(room: string, sense: Sense, everyone: readonly Person[]): string[] {
  return everyone.filter((one) => livesIn(one, room) && !one.allows[sense]).map((one) => one.name);
}

function livesIn(person: Person, room: string): boolean {
  return !person.lives_in.length || person.lives_in.includes(room);
}

function rooms(sources: readonly Sensing[], roomName: (id: string) => string): string {
  return listed([...new Set(sources.map((one) => roomName(one.room)))]);
}
