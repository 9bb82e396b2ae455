import { get, patch } from "../api";
import { t } from "../i18n";
import { connection, me, refresh } from "../live";
import { AuditCard } from "../people/AuditCard";
import type { Person } from "../people/consent";
import { PersonCard } from "../people/PersonCard";
import { RetentionCard } from "../people/RetentionCard";
import { ProofPlace } from "../settings/proof";
import { useLoad } from "../ui/load";
import { attempt, Empty, Problem, say, Skeleton, Switch } from "../ui/parts";

interface PrivacyState {
  privacy: boolean;
  guests: boolean;
  leaves_the_house: string[];
}

/** Consent per person and sense in plain words, what is kept and what leaves, and who looked. */
export function People() {
  const people = useLoad(() => get<{ people: Person[] }>("/people"));
  const privacy = useLoad(() => get<PrivacyState>("/privacy"));
  const everyone = people.data?.people ?? [];
  const nameOf = (id: string) => everyone.find((one) => one.id === id)?.name ?? id;
  const error = people.error ?? privacy.error;
  const now = privacy.data;
  const again = () => {
    people.again();
    privacy.again();
  };
  const change = (what: { privacy: boolean } | { guests: boolean }, told: string) =>
    attempt(async () => {
      privacy.set(await patch<PrivacyState>("/privacy", what));
      await refresh();
      say(told);
    });
  return (
    <div class="panes">
      <div class="list">
        {error && <Problem error={error} retry={again} />}
        <section class="card" aria-label={t("people.pause")}>
          <Switch
            label={t("people.privacyMode")}
            note={t("people.privacyNote")}
            on={now?.privacy ?? false}
            disabled={!now || connection.value !== "home"}
            change={(on) => change({ privacy: on }, t(on ? "people.pausedNow" : "people.resumedNow"))}
          />
          <Switch
            label={t("people.guests")}
            note={t("people.guestsNote")}
            on={now?.guests ?? false}
            disabled={!now || connection.value !== "home"}
            change={(on) => change({ guests: on }, t(on ? "people.guestsHere" : "people.guestsGone"))}
          />
        </section>
        <section class="list" aria-label={t("people.agreed")}>
          <h2>{t("people.agreed")}</h2>
          <p class="soft">{t("people.rule")}</p>
          {!people.data && !people.error && <Skeleton height={320} />}
          {people.data && !everyone.length && <Empty title={t("people.none")}>{t("people.noneText")}</Empty>}
          {everyone.map((person) => (
            <PersonCard key={person.id} person={person} everyone={everyone} paused={!!now && (now.privacy || now.guests)} done={people.again} />
          ))}
          <p class="soft small">{t("people.notWork")}</p>
        </section>
      </div>
      <div class="list">
        <Leaves leaves={now?.leaves_the_house ?? null} />
        <RetentionCard />
        {me.value?.access.includes("audit") && <AuditCard nameOf={nameOf} />}
        <ProofPlace />
      </div>
    </div>
  );
}

function Leaves({ leaves }: { leaves: string[] | null }) {
  return (
    <section class="card" aria-label={t("leaves.title")}>
      <h2>{t("leaves.title")}</h2>
      {leaves === null && <Skeleton height={48} />}
      {leaves?.length === 0 && <p>{t("leaves.nothing")}</p>}
      {leaves !== null && (
        <>
          <p class="soft small">{t("leaves.preview")}</p>
          <pre class="literal">{leaves.length ? leaves.join("\n") : t("leaves.empty")}</pre>
        </>
      )}
    </section>
  );
}
