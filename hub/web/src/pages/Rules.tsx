import { useState } from "preact/hooks";

import { get, put, remove } from "../api";
import { t } from "../i18n";
import { devices, rooms, scenes } from "../live";
import { path } from "../route";
import { LimitsCard, type Guards } from "../rules/LimitsCard";
import { nameOf, type KnownRule, type Rule } from "../rules/rule";
import { RuleEditor } from "../rules/RuleEditor";
import { tell, type Names } from "../rules/tell";
import { useLoad } from "../ui/load";
import { attempt, Empty, Problem, say, Skeleton } from "../ui/parts";

export interface PersonName {
  id: string;
  name: string;
}

/** Every rule as a sentence, or one of them to edit. */
export function Rules() {
  const rules = useLoad(() => get<{ policies: KnownRule[] }>("/policies"));
  const people = useLoad(() => get<{ people: PersonName[] }>("/people"));
  const guards = useLoad(() => get<Guards>("/guards"));
  const error = rules.error ?? people.error ?? guards.error;
  const again = () => [rules, people, guards].forEach((one) => one.again());
  if (error && !rules.data) return <Problem error={error} retry={again} />;
  if (!devices.value || !rules.data || !people.data || !guards.data) return <Skeleton height={320} />;
  const which = path.value.split("/")[2];
  const known = rules.data.policies;
  if (which) {
    const rule = known.find((one) => one.id === which) ?? null;
    return <RuleEditor key={which} known={rule} ids={known.map((one) => one.id)} people={people.data.people} limits={guards.data.guards} done={rules.again} />;
  }
  return (
    <div class="panes">
      <section class="list" aria-label={t("page.rules")}>
        <div class="row between">
          <p class="soft grow">{t("rules.intro")}</p>
          {rooms.value.length > 0 && (
            <a class="btn main" href="/rules/new">
              {t("rules.new")}
            </a>
          )}
        </div>
        {!known.length && <Empty title={t("rules.none")}>{t("rules.noneText")}</Empty>}
        {known.map((one) => (
          <Item key={one.id} known={one} sentence={tell(one.rule, namesOf(people.data!.people), guards.data!.guards)} done={rules.again} />
        ))}
      </section>
      <LimitsCard guards={guards.data} done={guards.again} />
    </div>
  );
}

/** What the ids in rules are called now. */
export function namesOf(people: readonly PersonName[]): Names {
  const among = (all: readonly { id: string; name: string }[]) => (id: string) => all.find((one) => one.id === id)?.name ?? id;
  return { room: among(rooms.value), scene: among(scenes.value), person: among(people), device: among(devices.value ?? []) };
}

function Item({ known, sentence, done }: { known: KnownRule; sentence: string; done: () => void }) {
  const [busy, setBusy] = useState(false);
  const { id, rule, etag } = known;
  const name = nameOf(id);
  const on = rule.enabled !== false;
  const change = async (enabled: boolean) => {
    setBusy(true);
    const sent: Rule = { ...rule, enabled };
    if ((await attempt(() => put(`/policies/${id}`, sent, { ifMatch: etag }).then(() => true))) === true) {
      say(t(enabled ? "rules.switchedOn" : "rules.switchedOff", { name }));
    }
    setBusy(false);
    done();
  };
  const asWritten = async () => {
    if ((await attempt(() => remove(`/policies/${id}/sooner`).then(() => true))) === true) {
      say(t("rules.asWrittenNow"));
    }
    done();
  };
  return (
    <article class="card">
      <div class="row between nowrap">
        <h2>
          <a class="plain" href={`/rules/${id}`}>
            {name}
          </a>
          {!on && <span class="tag">{t("rules.offTag")}</span>}
        </h2>
        <input
          class="switch"
          type="checkbox"
          role="switch"
          aria-label={t("rules.on", { name })}
          checked={on}
          disabled={busy}
          onChange={(event) => change(event.currentTarget.checked)}
        />
      </div>
      <p class={on ? "" : "soft"}>{sentence}</p>
      {known.sooner && <p class="soft">{t("rules.sooner")}</p>}
      <div class="row">
        <a class="btn" href={`/rules/${id}`} aria-label={`${t("common.edit")}: ${name}`}>
          {t("common.edit")}
        </a>
        {known.sooner && (
          <button class="btn" aria-label={`${t("rules.asWritten")}: ${name}`} onClick={asWritten}>
            {t("rules.asWritten")}
          </button>
        )}
      </div>
    </article>
  );
}
