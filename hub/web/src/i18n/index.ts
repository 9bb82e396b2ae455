/** The app's words: one typed catalogue a language, English the source and always there. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

import { en } from "./en";

export type Key = keyof typeof en;
export type Messages = Record<Key, string>;
/** What has a form for one and a form for many: `x` for the keys `x.one` and `x.other`. */
export type Counted = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;
export type Values = Record<string, string | number>;

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

export const language = signal<Language>("en");
const messages = signal<Messages>(en);
const CHOSEN = "moodsync.language";

/** The first language of the browser's that the app has; English where it has none. */
export function bestOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split("-")[0]!;
    if (base in LANGUAGES) return base as Language;
  }
  return "en";
}

/** Take the language over that was chosen here, or else the browser's. */
export async function startLanguage(): Promise<void> {
  const chosen = readChoice();
  await load(chosen ?? bestOf(navigator.languages ?? [navigator.language]));
}

/** Speak another language from now on, and the next time too. */
export async function choose(to: Language): Promise<void> {
  await load(to);
  try {
    localStorage.setItem(CHOSEN, to);
  } catch {
    // A browser that keeps nothing asks again the next time; the choice still holds now.
  }
}

async function load(to: Language): Promise<void> {
  messages.value = to === "de" ? (await import("./de")).de : en;
  language.value = to;
  if (globalThis.document) document.documentElement.lang = to;
}

function readChoice(): Language | null {
  try {
    const kept = localStorage.getItem(CHOSEN);
    return kept && kept in LANGUAGES ? (kept as Language) : null;
  } catch {
    return null;
  }
}

/** The tag to write numbers, dates and times with: the browser's own where it fits the language. */
export function locale(): string {
  const own = globalThis.navigator?.languages?.find((tag) => tag.toLowerCase().startsWith(language.value));
  return own ?? language.value;
}

/** A message with its `{places}` filled in. */
export function t(key: Key, values: Values = {}): string {
  return messages.value[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A message in the form that a number asks for; `{n}` is the number. */
export function counted(stem: Counted, n: number, values: Values = {}): string {
  const form = new Intl.PluralRules(language.value).select(n) === "one" ? "one" : "other";
  return t(`${stem}.${form}` as Key, { n: number(n), ...values });
}

/** A message whose `{places}` are elements, in the language's own order. */
export function fill(key: Key, parts: Record<string, ComponentChildren>): ComponentChildren[] {
  return messages.value[key].split(/\{(\w+)\}/).map((text, index) => (index % 2 ? (parts[text] ?? null) : text));
}

/** A message by a name that comes from the hub, or `fallback` where the app has none. */
export function word(group: string, name: string, fallback: string = name): string {
  const key = `${group}.${name}`;
  return key in en ? t(key as Key) : fallback;
}

/** Things in a row: "a, b and c". */
export function listed(things: readonly string[]): string {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(things);
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString(locale(), { maximumFractionDigits: digits });
}
