import { useState } from "preact/hooks";

import { ApiError, get, put } from "../api";
import { t } from "../i18n";
import { Hour } from "../ui/Choice";
import { Conflict } from "../ui/Conflict";
import { attempt, say, Switch } from "../ui/parts";
import { howSure, percent } from "../words";
import type { Hours } from "./rule";
import { Steps } from "./Sentence";
import { duration } from "./tell";

export interface Guards {
  guards: {
    confidence_floor: number;
    hysteresis: number;
    quiet_hours: Hours | null;
    manual_override_s: number;
    max_level_per_s: number;
    min_change_interval_s: number;
  };
  etag: string;
}

type Values = Guards["guards"];

/** Quiet hours and the other limits that no rule can lift. */
export function LimitsCard({ guards, done }: { guards: Guards; done: () => void }) {
  const [mine, setMine] = useState<Values>(guards.guards);
  const [etag, setEtag] = useState(guards.etag);
  const [theirs, setTheirs] = useState<Guards | null>(null);
  const changed = JSON.stringify(mine) !== JSON.stringify(guards.guards);
  const set = (more: Partial<Values>) => setMine({ ...mine, ...more });
  const save = (match: string) =>
    attempt(async () => {
      try {
        const saved = await put<Guards>("/guards", mine, { ifMatch: match });
        setEtag(saved.etag);
        setTheirs(null);
        say(t("common.saved"));
        done();
      } catch (err) {
        if (!(err instanceof ApiError) || err.status !== 412) throw err;
        setTheirs(await get<Guards>("/guards"));
      }
    });
  const hours = mine.quiet_hours;
  return (
    <section class="card" aria-label={t("limits.title")}>
      <h2>{t("limits.title")}</h2>
      <p class="soft small">{t("limits.intro")}</p>
      <Switch
        label={t("limits.quiet")}
        note={t("limits.quietNote")}
        on={hours !== null}
        change={(on) => set({ quiet_hours: on ? ["23:00", "07:00"] : null })}
      />
      {hours && (
        <div class="row">
          <Hour label={t("rule.label.from")} value={hours[0]} change={(from) => set({ quiet_hours: [from, hours[1]] })} />
          <span aria-hidden="true">–</span>
          <Hour label={t("rule.label.to")} value={hours[1]} change={(to) => set({ quiet_hours: [hours[0], to] })} />
        </div>
      )}
      <Line label={t("limits.override")} value={mine.manual_override_s} steps={[0, 900, 1800, 3600, 7200, 14_400]} say={duration} change={(value) => set({ manual_override_s: value })} />
      <Line
        label={t("limits.floor")}
        value={mine.confidence_floor}
        steps={[0.2, 0.35, 0.5, 0.6, 0.8]}
        say={(value) => `${howSure(value)} (${percent(value)})`}
        change={(value) => set({ confidence_floor: value })}
      />
      <Line
        label={t("limits.speed")}
        value={mine.max_level_per_s}
        steps={[0.1, 0.2, 0.5, 1]}
        say={(value) => t("limits.speedValue", { time: duration(Math.round(10 / value) / 10) })}
        change={(value) => set({ max_level_per_s: value })}
      />
      <Line label={t("limits.interval")} value={mine.min_change_interval_s} steps={[0, 1, 5, 10, 30, 60]} say={duration} change={(value) => set({ min_change_interval_s: value })} />
      {theirs && (
        <Conflict
          gone={false}
          theirs={null}
          keep={() => save(theirs.etag)}
          take={() => {
            setMine(theirs.guards);
            setEtag(theirs.etag);
            setTheirs(null);
            done();
          }}
        />
      )}
      {changed && !theirs && (
        <div class="row">
          <button class="btn main" onClick={() => save(etag)}>
            {t("common.save")}
          </button>
          <button class="btn" onClick={() => setMine(guards.guards)}>
            {t("common.cancel")}
          </button>
        </div>
      )}
    </section>
  );
}

interface LineProps {
  label: string;
  value: number;
  steps: readonly number[];
  say: (value: number) => string;
  change: (value: number) => void;
}

function Line(props: LineProps) {
  return (
    <div class="row between">
      <span>{props.label}</span>
      <Steps {...props} />
    </div>
  );
}
