/** A rule as the hub keeps it (hub/settings/rules.py), and the small changes that choices make to it. */

export type Span = [number, number];
export type Hours = [string, string];

export interface Region {
  valence?: Span;
  arousal?: Span;
  labels?: string[];
  confidence?: number;
}

export interface SensorIs {
  device: string;
  kind: string;
  is?: boolean | number | string;
  above?: number;
  below?: number;
}

export interface When {
  mood?: Region;
  person?: string;
  sensor?: SensorIs;
  between?: Hours;
  sun?: "up" | "down";
  presence?: boolean;
}

export interface Music {
  valence: number;
  energy: number;
  volume?: number;
}

export interface Then {
  scene?: string;
  music?: Music;
  restore?: boolean;
}

/** What is left out has the hub's default. */
export interface Rule {
  enabled?: boolean;
  room: string;
  when: When;
  then: Then;
  for_s?: number;
  cooldown_s?: number;
  in_quiet_hours?: boolean;
  priority?: number;
}

export interface KnownRule {
  id: string;
  rule: Rule;
  /** It acts sooner than written, because more of it was wished. */
  sooner?: boolean;
  etag: string;
}

export const DEFAULTS = { confidence: 0.5, for_s: 0, cooldown_s: 300, priority: 50 } as const;

export type Trigger = "mood" | "sensor" | "presence" | "clock" | "sun";
export const TRIGGERS: readonly Trigger[] = ["mood", "sensor", "presence", "clock", "sun"];

/** What the sentence begins with: the most telling of the conditions. */
export function triggerOf(when: When): Trigger {
  if (when.mood) return "mood";
  if (when.sensor) return "sensor";
  if (when.presence !== undefined) return "presence";
  return when.between ? "clock" : "sun";
}

export type Condition = "between" | "sun" | "presence";

const OF_TRIGGER: Record<Trigger, Condition | null> = { mood: null, sensor: null, presence: "presence", clock: "between", sun: "sun" };

/** The conditions that come after the trigger, in the order they are told. */
export function conditionsOf(when: When): Condition[] {
  const first = OF_TRIGGER[triggerOf(when)];
  const all: Condition[] = ["between", "sun", "presence"];
  return all.filter((one) => when[one] !== undefined && one !== first);
}

/** Conditions that can be added still. */
export function openConditions(when: When): Condition[] {
  const all: Condition[] = ["between", "sun", "presence"];
  return all.filter((one) => when[one] === undefined);
}

const FIRST: { [K in Condition]: NonNullable<When[K]> } = { between: ["18:00", "23:00"], sun: "down", presence: true };

export function addCondition(rule: Rule, which: Condition): Rule {
  return withWhen(rule, { [which]: FIRST[which] });
}

export function dropCondition(rule: Rule, which: Condition): Rule {
  return withWhen(rule, { [which]: undefined });
}

/** Begin the sentence anew with another trigger; conditions that were there stay. */
export function withTrigger(rule: Rule, trigger: Trigger, device = ""): Rule {
  const kept: When = { ...rule.when };
  delete kept[OF_TRIGGER[triggerOf(rule.when)] ?? "person"];
  delete kept.mood;
  delete kept.person;
  delete kept.sensor;
  switch (trigger) {
    case "mood":
      return { ...rule, when: { mood: { valence: [-1, -0.2], confidence: 0.6 }, ...kept } };
    case "sensor":
      return { ...rule, when: { sensor: { device, kind: "occupancy", is: true }, ...kept } };
    case "presence":
      return { ...rule, when: { ...kept, presence: kept.presence ?? true } };
    case "clock":
      return { ...rule, when: { between: kept.between ?? FIRST.between } };
    case "sun":
      return { ...rule, when: { sun: kept.sun ?? FIRST.sun } };
  }
}

/** Change conditions; `undefined` takes one away. */
export function withWhen(rule: Rule, changes: { [K in keyof When]?: When[K] | undefined }): Rule {
  return { ...rule, when: without({ ...rule.when, ...changes }) };
}

/** Change the mood's field; `undefined` takes a part away. */
export function withMood(rule: Rule, changes: { [K in keyof Region]?: Region[K] | undefined }): Rule {
  return withWhen(rule, { mood: without({ ...rule.when.mood, ...changes }) });
}

/** A rule to begin with in this room. */
export function newRule(room: string, scene: string | undefined): Rule {
  return {
    room,
    when: { mood: { valence: [-1, -0.2], arousal: [0.1, 1], confidence: 0.6 } },
    then: scene ? { scene } : { music: { valence: 0.4, energy: -0.5 } },
    for_s: 300,
    cooldown_s: 1800,
  };
}

/** The id of a name: "Soft evening!" is `soft_evening`; "" where nothing is left. */
export function idOf(name: string): string {
  const plain = name.toLowerCase().replaceAll("ß", "ss").replaceAll("ä", "ae").replaceAll("ö", "oe").replaceAll("ü", "ue");
  const ascii = plain.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  return ascii.replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 40).replace(/_+$/, "");
}

/** How an id reads: `soft_evening` is "Soft evening". */
export function nameOf(id: string): string {
  const words = id.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function without<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
