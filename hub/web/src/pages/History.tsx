import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";

import { get } from "../api";
import { t } from "../i18n";
import { me, rooms } from "../live";
import type { Person } from "../people/consent";
import { against, csvOf, totalOf } from "../plane/past";
import { Pane, useActs, usePast, type Who } from "../plane/Past";
import { DAY_MS, moved, stretchOf, within, zoomed, type View } from "../plane/view";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { Problem } from "../ui/parts";
import { dayAndTime } from "../words";

const SPANS = [
  { id: "day", ms: DAY_MS },
  { id: "week", ms: 7 * DAY_MS },
  { id: "month", ms: 31 * DAY_MS },
  { id: "year", ms: 365 * DAY_MS },
] as const;
type Span = (typeof SPANS)[number];

const BEFORE = "before";
const SHOWN_ACTS = 100;
/** How long a finger must rest before words and data follow the chart. */
const REST_MS = 150;

const lately = (span: Span): View => ({ from: Date.now() - span.ms, to: Date.now() });

/** One time line: the mood's course, what the house did as marks on it, and another beside it. */
export function History() {
  const [span, setSpan] = useState<Span>(SPANS[0]);
  const [whoId, setWho] = useState<string | null>(null);
  const [withId, setWith] = useState("");
  const view = useSignal(lately(SPANS[0]));
  const rest = useSignal(view.peek());
  useSignalEffect(() => {
    const next = view.value;
    const timer = setTimeout(() => (rest.value = next), REST_MS);
    return () => clearTimeout(timer);
  });
  const show = (next: View) => (view.value = within(next, Date.now()));
  const choose = (next: Span) => {
    setSpan(next);
    rest.value = view.value = lately(next);
  };

  const everyone = useLoad(() => get<{ people: Person[] }>("/people"));
  const all = useMemo<Who[]>(() => {
    // A person's own mood is for themselves and for the owner.
    const mine = (person: Person) => me.value?.member.role === "owner" || me.value?.member.person === person.id;
    return [
      ...rooms.value.map((one) => ({ kind: "room" as const, ...one })),
      ...(everyone.data?.people ?? []).filter(mine).map(({ id, name }) => ({ kind: "person" as const, id, name })),
    ];
  }, [rooms.value, everyone.data, me.value]);
  const who = all.find((one) => idOf(one) === whoId) ?? all[0] ?? null;
  const shift = withId === BEFORE ? span.ms : 0;
  const other = withId === BEFORE ? who : (all.find((one) => idOf(one) === withId) ?? null);

  const stretch = useComputed(() => stretchOf(rest.value)).value;
  const earlier = useComputed(() => stretchOf({ from: rest.value.from - span.ms, to: rest.value.to - span.ms })).value;
  const past = usePast(who, stretch);
  const acts = useActs(who, stretch);
  const otherPast = usePast(other, shift ? earlier : stretch);
  const otherActs = useActs(other, shift ? earlier : stretch);
  const shown = rest.value;
  const total = totalOf(past.data ?? [], shown);
  const otherTotal = totalOf(otherPast.data ?? [], { from: shown.from - shift, to: shown.to - shift });
  const inView = (acts.data ?? []).filter((one) => one.at_ms >= shown.from && one.at_ms <= shown.to);
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csvOf(past.data ?? [], shown)], { type: "text/csv" }));
    link.download = `moodsync-${who?.id ?? "home"}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <>
      <div class="row chips" role="group" aria-label={t("history.howFar")}>
        {SPANS.map((one) => (
          <button key={one.id} class="btn chip" aria-pressed={one === span} onClick={() => choose(one)}>
            {t(`span.${one.id}`)}
          </button>
        ))}
      </div>
      <div class="twin">
        {all.length > 0 && (
          <Field label={t("history.of")}>
            <select value={who ? idOf(who) : ""} onChange={(event) => setWho(event.currentTarget.value)}>
              {all.map((one) => <option key={idOf(one)} value={idOf(one)} selected={one === who}>{one.name}</option>)}
            </select>
          </Field>
        )}
        <Field label={t("history.with")}>
          <select value={withId} onChange={(event) => setWith(event.currentTarget.value)}>
            <option value="" selected={withId === ""}>{t("history.nobody")}</option>
            <option value={BEFORE} selected={withId === BEFORE}>{t(`history.before.${span.id}`)}</option>
            {all.filter((one) => one !== who).map((one) => <option key={idOf(one)} value={idOf(one)} selected={idOf(one) === withId}>{one.name}</option>)}
          </select>
        </Field>
      </div>
      {other && total && otherTotal && <p role="status">{against(total, otherTotal)}</p>}
      <div class={other ? "panes even" : ""}>
        <Pane title={who?.name ?? t("page.history")} past={past} acts={acts.data ?? []} total={total} shown={shown} view={view} show={show}>
          <div class="row chips nowrap" role="group" aria-label={t("history.move")}>
            <Move label={t("history.earlier")} sign="‹" onClick={() => show(moved(view.value, -0.5))} />
            <Move label={t("history.wider")} sign="−" onClick={() => show(zoomed(view.value, 2, 0.5))} />
            <Move label={t("history.closer")} sign="+" onClick={() => show(zoomed(view.value, 0.5, 0.5))} />
            <Move label={t("history.later")} sign="›" onClick={() => show(moved(view.value, 0.5))} />
          </div>
        </Pane>
        {other && (
          <Pane
            key={`${idOf(other)} ${shift}`}
            title={shift ? `${other.name} · ${t(`history.before.${span.id}`)}` : other.name}
            past={otherPast}
            acts={otherActs.data ?? []}
            total={otherTotal}
            shown={shown}
            view={view}
            shift={shift}
            show={show}
          />
        )}
      </div>
      {past.data && past.data.length > 0 && (
        <div>
          <button class="btn quiet flush" onClick={save}>{t("history.save")}</button>
        </div>
      )}
      <section class="card" aria-label={t("house.did")}>
        <h2>{t("house.did")}</h2>
        {acts.error && <Problem error={acts.error} retry={acts.again} />}
        {acts.data && !inView.length && <p class="soft">{t("history.noDecision")}</p>}
        <ul class="list lined">
          {inView.slice(0, SHOWN_ACTS).map((one) => (
            <li key={one.id}>
              <span class="num soft">{dayAndTime(one.at_ms)}</span> {one.because}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Move({ label, sign, onClick }: { label: string; sign: string; onClick: () => void }) {
  return (
    <button class="btn round" aria-label={label} title={label} onClick={onClick}>
      {sign}
    </button>
  );
}

function idOf(who: Who): string {
  return `${who.kind}:${who.id}`;
}
