/** A rule in one sentence, in the language of the app. The editor shows the same sentence with choices in it. */

import { counted, fill, listed, number, t, word } from "../i18n";
import { adjective, howSure, percent, placeOnPlane } from "../words";
import { choiceOf, musicName } from "./named";
import { conditionsOf, DEFAULTS, triggerOf, type Hours, type Region, type Rule, type Span } from "./rule";

/** What ids are called. */
export interface Names {
  room: (id: string) => string;
  person: (id: string) => string;
  scene: (id: string) => string;
  device: (id: string) => string;
}

export interface Limits {
  quiet_hours: Hours | null;
}

/** "When anyone in Living room seems tense for 5 minutes, at least fairly sure, bring in Soft evening, ..." */
export function tell(rule: Rule, names: Names, limits: Limits | null): string {
  const parts = partsOf(rule, names, limits);
  const trigger = triggerOf(rule.when);
  const part = (key: Parameters<typeof fill>[0]) => fill(key, parts).join("");
  const sentences = [part(trigger === "sun" ? "rule.sunTrigger" : `rule.${trigger}`)];
  for (const one of conditionsOf(rule.when)) sentences.push(part(`rule.and.${one}`));
  sentences.push(part(rule.then.music ? "rule.music" : "rule.then"));
  sentences.push(part("rule.cooldown"), part("rule.quiet"));
  return sentences.join(" ");
}

function partsOf(rule: Rule, names: Names, limits: Limits | null): Record<string, string> {
  const { when, then } = rule;
  const sensor = when.sensor;
  return {
    who: when.person ? names.person(when.person) : t("rule.anyone"),
    room: names.room(rule.room),
    mood: when.mood ? moodWords(choiceOf(when.mood), when.mood) : "",
    sure: howSure(when.mood?.confidence ?? DEFAULTS.confidence),
    for: duration(rule.for_s ?? DEFAULTS.for_s),
    device: sensor ? names.device(sensor.device) : "",
    kind: sensor ? kindWords(sensor.kind) : "",
    compare: t(sensor?.above !== undefined ? "rule.above" : sensor?.below !== undefined ? "rule.below" : "rule.is"),
    value: valueWords(sensor?.above ?? sensor?.below ?? sensor?.is),
    there: t(when.presence === false ? "rule.nobody" : "rule.somebody"),
    from: when.between?.[0] ?? "",
    to: when.between?.[1] ?? "",
    sun: t(when.sun === "up" ? "rule.up" : "rule.down"),
    what: then.scene ? t("rule.scene", { scene: names.scene(then.scene) }) : t(then.restore ? "rule.restore" : "rule.playMusic"),
    music: then.music ? t(`music.${musicName(then.music)}`) : "",
    volume: volumeWords(then.music?.volume),
    cooldown: cooldownWords(rule.cooldown_s ?? DEFAULTS.cooldown_s),
    quiet: quietWords(rule.in_quiet_hours === true, limits),
  };
}

/** How a choice of mood reads: "tense", "low and put off"; a field of one's own by its middle. */
export function moodWords(choice: string, region: Region = {}): string {
  if (choice === "own") return t("region.own", { place: placeOnPlane(middle(region.valence), middle(region.arousal)) });
  if (choice.startsWith("is:")) return listed([...new Set(choice.slice(3).split(",").map(adjective))]);
  return word("region", choice);
}

function middle(span: Span | undefined): number {
  return span ? (span[0] + span[1]) / 2 : 0;
}

/** A time in the largest unit that says it whole. */
export function duration(seconds: number): string {
  if (seconds === 0) return t("rule.atOnce");
  if (seconds % 86_400 === 0) return counted("time.days", seconds / 86_400);
  if (seconds % 3600 === 0) return counted("time.hours", seconds / 3600);
  if (seconds % 60 === 0) return counted("time.minutes", seconds / 60);
  return counted("time.seconds", seconds);
}

export function cooldownWords(seconds: number): string {
  return seconds ? duration(seconds) : t("rule.noCooldown");
}

export function volumeWords(volume: number | undefined): string {
  return volume === undefined ? t("rule.sameVolume") : t("rule.volume", { percent: percent(volume) });
}

export function quietWords(inQuiet: boolean, limits: Limits | null): string {
  if (inQuiet) return t("rule.inQuiet");
  if (!limits) return t("rule.notInQuiet");
  const hours = limits.quiet_hours;
  return hours ? t("rule.notBetween", { from: hours[0], to: hours[1] }) : t("rule.noQuiet");
}

/** What a sensor's value is called: `air_quality` is "air quality". */
export function kindWords(kind: string): string {
  return word("kind", kind, kind.replaceAll("_", " "));
}

export function valueWords(value: boolean | number | string | undefined): string {
  if (typeof value === "boolean") return t(value ? "rule.yes" : "rule.no");
  return typeof value === "number" ? number(value, 2) : (value ?? "");
}
