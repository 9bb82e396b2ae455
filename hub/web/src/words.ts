/** The app's way of speaking about moods: "seems", never "is"; doubt in words before numbers. */

import { locale, number, t, word } from "./i18n";

export const EMOTIONS = ["anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"];

/** "seems content"; a label that is not known reads as itself. */
export function seems(label: string): string {
  return t("mood.seems", { how: adjective(label) });
}

export function adjective(label: string): string {
  return word("mood", label);
}

/** A confidence in words, as the hub says it (hub/words.py). */
export function howSure(confidence: number): string {
  if (confidence >= 0.8) return t("sure.very");
  if (confidence >= 0.6) return t("sure.fairly");
  if (confidence >= 0.4) return t("sure.guess");
  return t("sure.barely");
}

export function percent(share: number): string {
  return `${number(Math.round(share * 100))} %`;
}

/** How long ago, in the words people use; `now` and `then` are milliseconds. */
export function ago(then: number, now: number): string {
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return t("time.now");
  if (minutes < 60) return t("time.minAgo", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t("time.hAgo", { n: hours });
  const days = Math.floor(hours / 24);
  return days === 1 ? t("time.yesterday") : t("time.daysAgo", { n: days });
}

export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
}

/** A day and its time: "Tue 24 Nov, 19:42". */
export function dayAndTime(ms: number): string {
  const when = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return new Date(ms).toLocaleString(locale(), when);
}

/** What a sense is called. */
export function senseWord(sense: string): string {
  return word("sense", sense);
}

/** Where a point of the plane lies, for people who do not see it. */
export function placeOnPlane(valence: number, arousal: number): string {
  const side = valence > 0.15 ? t("plane.pleasant") : valence < -0.15 ? t("plane.unpleasant") : t("plane.neutral");
  const energy = arousal > 0.15 ? t("plane.energetic") : arousal < -0.15 ? t("plane.quiet") : t("plane.middle");
  return t("plane.and", { side, energy });
}
