import type { ComponentChildren } from "preact";

import { fill, t, type Key } from "../i18n";
import { devices, rooms, scenes } from "../live";
import { Choice, Hour, type Option } from "../ui/Choice";
import { EMOTIONS, howSure, percent } from "../words";
import { choiceOf, MUSIC, MUSIC_NAMES, musicName, REGION_NAMES, regionOf, type MusicName } from "./named";
import * as rules from "./rule";
import type { Condition, Music, Region, Rule, SensorIs } from "./rule";
import { cooldownWords, duration, kindWords, moodWords, quietWords, valueWords, volumeWords, type Limits } from "./tell";

interface Props {
  rule: Rule;
  people: readonly { id: string; name: string }[];
  limits: Limits | null;
  change: (rule: Rule) => void;
}

const DWELL_S = [0, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600];
const COOLDOWN_S = [0, 60, 300, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];
const SURE = [0.4, 0.6, 0.8];
const VOLUMES = [0.15, 0.25, 0.35, 0.5, 0.7];

/** The rule as a sentence; what can be chosen is a choice in it. */
export function Sentence(props: Props) {
  const { rule, change } = props;
  const parts = choices(props);
  const trigger = rules.triggerOf(rule.when);
  const key: Key = trigger === "sun" ? "rule.sunTrigger" : `rule.${trigger}`;
  return (
    <div class="sentence">
      <p>{fill(key, parts)}</p>
      {rules.conditionsOf(rule.when).map((one) => (
        <p key={one}>
          {fill(`rule.and.${one}`, parts)}{" "}
          <button class="btn quiet" aria-label={t("rule.dropCondition")} onClick={() => change(rules.dropCondition(rule, one))}>
            ×
          </button>
        </p>
      ))}
      <p>{fill("rule.then", { what: <What {...props} /> })}</p>
      {rule.then.music && <p>{fill("rule.music", parts)}</p>}
      <p>{fill("rule.cooldown", parts)}</p>
      <p>{fill("rule.quiet", parts)}</p>
    </div>
  );
}

function choices({ rule, people, limits, change }: Props): Record<string, ComponentChildren> {
  const { when, then } = rule;
  const set = (more: Partial<Rule>) => change({ ...rule, ...more });
  const between = when.between ?? ["", ""];
  const sensor = when.sensor;
  return {
    who: (
      <Choice
        label={t("rule.label.who")}
        value={when.person ?? ""}
        options={[{ value: "", label: t("rule.anyone") }, ...people.map(({ id, name }) => ({ value: id, label: name }))]}
        change={(who) => change(rules.withWhen(rule, { person: who || undefined }))}
      />
    ),
    room: (
      <Choice
        label={t("rule.label.room")}
        value={rule.room}
        options={rooms.value.map(({ id, name }) => ({ value: id, label: name }))}
        change={(room) => set({ room })}
      />
    ),
    mood: when.mood && (
      <Choice
        label={t("rule.label.mood")}
        value={choiceOf(when.mood)}
        options={moodOptions(when.mood)}
        change={(choice) => change(rules.withWhen(rule, { mood: regionOf(choice, when.mood ?? {}) }))}
      />
    ),
    sure: (
      <Steps
        label={t("rule.label.sure")}
        value={when.mood?.confidence ?? rules.DEFAULTS.confidence}
        steps={SURE}
        say={(value) => `${howSure(value)} (${percent(value)})`}
        change={(confidence) => change(rules.withMood(rule, { confidence }))}
      />
    ),
    for: <Steps label={t("rule.label.for")} value={rule.for_s ?? 0} steps={DWELL_S} say={duration} change={(for_s) => set({ for_s })} />,
    ...(sensor ? sensorChoices(sensor, (next) => change(rules.withWhen(rule, { sensor: next }))) : {}),
    there: (
      <Choice
        label={t("rule.label.there")}
        value={when.presence === false ? "no" : "yes"}
        options={[
          { value: "yes", label: t("rule.somebody") },
          { value: "no", label: t("rule.nobody") },
        ]}
        change={(there) => change(rules.withWhen(rule, { presence: there === "yes" }))}
      />
    ),
    from: <Hour label={t("rule.label.from")} value={between[0]} change={(from) => change(rules.withWhen(rule, { between: [from, between[1]] }))} />,
    to: <Hour label={t("rule.label.to")} value={between[1]} change={(to) => change(rules.withWhen(rule, { between: [between[0], to] }))} />,
    sun: (
      <Choice
        label={t("rule.label.sun")}
        value={when.sun ?? "down"}
        options={[
          { value: "down", label: t("rule.down") },
          { value: "up", label: t("rule.up") },
        ]}
        change={(sun) => change(rules.withWhen(rule, { sun }))}
      />
    ),
    ...(then.music ? musicChoices(then.music, (music) => set({ then: { music } })) : {}),
    cooldown: (
      <Steps
        label={t("rule.label.cooldown")}
        value={rule.cooldown_s ?? rules.DEFAULTS.cooldown_s}
        steps={COOLDOWN_S}
        say={cooldownWords}
        change={(cooldown_s) => set({ cooldown_s })}
      />
    ),
    quiet: (
      <Choice
        label={t("rule.label.quiet")}
        value={rule.in_quiet_hours ? "in" : "out"}
        options={[
          { value: "out", label: quietWords(false, limits) },
          { value: "in", label: quietWords(true, limits) },
        ]}
        change={(quiet) => set({ in_quiet_hours: quiet === "in" })}
      />
    ),
  };
}

function moodOptions(mood: Region): Option<string>[] {
  const now = choiceOf(mood);
  const labels = EMOTIONS.map((emotion) => `is:${emotion}`);
  const named = [...REGION_NAMES, ...labels, "any", "own"].map((value) => ({ value, label: value === "own" && now !== "own" ? t("region.numbers") : moodWords(value, mood) }));
  return named.some((one) => one.value === now) ? named : [{ value: now, label: moodWords(now) }, ...named];
}

function sensorChoices(sensor: SensorIs, set: (sensor: SensorIs) => void): Record<string, ComponentChildren> {
  const known = (devices.value ?? []).filter((device) => Object.keys(device.state.values).length);
  const device = known.find((one) => one.id === sensor.device);
  const kinds = Object.keys(device?.state.values ?? {});
  const compare = sensor.above !== undefined ? "above" : sensor.below !== undefined ? "below" : "is";
  const value = sensor[compare];
  const { device: id, kind } = sensor;
  const was = device?.state.values[kind];
  return {
    device: (
      <Choice
        label={t("rule.label.device")}
        value={sensor.device}
        options={known.map(({ id: which, name }) => ({ value: which, label: name }))}
        change={(next) => {
          const values = known.find((one) => one.id === next)?.state.values ?? {};
          const first = kind in values ? kind : (Object.keys(values)[0] ?? kind);
          set(begin(next, first, values[first]));
        }}
      />
    ),
    kind: (
      <Choice
        label={t("rule.label.kind")}
        value={kind}
        options={kinds.map((one) => ({ value: one, label: kindWords(one) }))}
        change={(next) => set(begin(id, next, device?.state.values[next]))}
      />
    ),
    compare: (
      <Choice
        label={t("rule.label.compare")}
        value={compare}
        options={(typeof was === "number" ? (["above", "below", "is"] as const) : (["is"] as const)).map((one) => ({ value: one, label: t(`rule.${one}`) }))}
        change={(next) => set({ device: id, kind, [next]: typeof value === "number" ? value : 0 })}
      />
    ),
    value:
      typeof value === "boolean" ? (
        <Choice
          label={t("rule.label.value")}
          value={value ? "yes" : "no"}
          options={[
            { value: "yes", label: valueWords(true) },
            { value: "no", label: valueWords(false) },
          ]}
          change={(next) => set({ device: id, kind, is: next === "yes" })}
        />
      ) : (
        <Asked value={value ?? ""} change={(next) => set({ device: id, kind, [compare]: next })} />
      ),
  };
}

function Asked({ value, change }: { value: number | string; change: (value: number | string) => void }) {
  const label = t("rule.label.value");
  if (typeof value === "number") {
    return <input class="choice" type="number" step="any" aria-label={label} value={value} onChange={(event) => change(Number(event.currentTarget.value))} />;
  }
  return <input class="choice" type="text" aria-label={label} value={value} onChange={(event) => change(event.currentTarget.value)} />;
}

/** What to ask of a sensor first, by what it says now. */
function begin(device: string, kind: string, now: boolean | number | string | undefined): SensorIs {
  if (typeof now === "number") return { device, kind, above: Math.round(now * 10) / 10 };
  return { device, kind, is: now ?? true };
}

function musicChoices(music: Music, set: (music: Music) => void): Record<string, ComponentChildren> {
  const own = musicName(music);
  const names = own === "own" ? [...MUSIC_NAMES, own] : MUSIC_NAMES;
  return {
    music: (
      <Choice
        label={t("rule.label.music")}
        value={own}
        options={names.map((name) => ({ value: name as string, label: t(`music.${name}`) }))}
        change={(name) => set({ ...music, ...(name === "own" ? {} : MUSIC[name as MusicName]) })}
      />
    ),
    volume: (
      <Choice
        label={t("rule.label.volume")}
        value={String(music.volume ?? "")}
        options={[{ value: "", label: volumeWords(undefined) }, ...around(VOLUMES, music.volume).map((one) => ({ value: String(one), label: volumeWords(one) }))]}
        change={(volume) => {
          const { volume: _, ...rest } = music;
          set(volume ? { ...rest, volume: Number(volume) } : rest);
        }}
      />
    ),
  };
}

function What({ rule, change }: Props) {
  const { then } = rule;
  const value = then.scene ? `scene:${then.scene}` : then.restore ? "restore" : "music";
  return (
    <Choice
      label={t("rule.label.what")}
      value={value}
      options={[
        ...scenes.value.map(({ id, name }) => ({ value: `scene:${id}`, label: t("rule.scene", { scene: name }) })),
        { value: "music", label: t("rule.playMusic") },
        { value: "restore", label: t("rule.restore") },
      ]}
      change={(next) => {
        if (next === "music") change({ ...rule, then: { music: then.music ?? MUSIC.calm } });
        else if (next === "restore") change({ ...rule, then: { restore: true } });
        else change({ ...rule, then: { scene: next.slice("scene:".length) } });
      }}
    />
  );
}

interface StepsProps {
  label: string;
  value: number;
  steps: readonly number[];
  say: (value: number) => string;
  change: (value: number) => void;
}

/** A number of a few usual ones; an unusual one that is there stays in reach. */
export function Steps({ label, value, steps, say, change }: StepsProps) {
  return (
    <Choice
      label={label}
      value={String(value)}
      options={around(steps, value).map((one) => ({ value: String(one), label: say(one) }))}
      change={(next) => change(Number(next))}
    />
  );
}

function around(steps: readonly number[], value: number | undefined): number[] {
  return value === undefined || steps.includes(value) ? [...steps] : [...steps, value].sort((a, b) => a - b);
}

/** Conditions that can be added, as one choice. */
export function AddCondition({ rule, change }: { rule: Rule; change: (rule: Rule) => void }) {
  const open = rules.openConditions(rule.when);
  if (!open.length) return null;
  return (
    <Choice
      label={t("rule.addCondition")}
      value={"" as Condition | ""}
      options={[{ value: "", label: t("rule.addCondition") }, ...open.map((one) => ({ value: one, label: t(`rule.cond.${one}`) }))]}
      change={(one) => one && change(rules.addCondition(rule, one))}
    />
  );
}
