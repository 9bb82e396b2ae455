import { useState } from "preact/hooks";

import { download, put } from "../api";
import { listed, t } from "../i18n";
import { me, moods, refresh, rooms } from "../live";
import { attempt, say, Switch } from "../ui/parts";
import { senseWord } from "../words";
import { consentMeans, consentNow, mayChange, SENSES, type Person, type Sense } from "./consent";
import { Erase } from "./Erase";

interface Props {
  person: Person;
  everyone: readonly Person[];
  paused: boolean;
  /** Consent alone, without export and erase: on the first steps there is nothing of the kind yet. */
  consentOnly?: boolean;
  done: () => void;
}

/** One person: what they have agreed to, what it means, and everything that can be taken back. */
export function PersonCard({ person, everyone, paused, consentOnly = false, done }: Props) {
  const [erasing, setErasing] = useState(false);
  const { name } = person;
  const adult = me.value?.access.includes("rights") ?? false;
  const roomName = (id: string) => rooms.value.find((room) => room.id === id)?.name ?? id;
  const give = (sense: Sense, allowed: boolean): Promise<void> =>
    attempt(async () => {
      await put(`/people/${person.id}/consents/${sense}`, { allowed });
      done();
      await refresh();
      const again = person.yours ? { label: t("common.undo"), run: () => void give(sense, !allowed) } : undefined;
      say(t(allowed ? "people.allowed" : "people.withdrawn", { sense: senseWord(sense), name }), again);
    });
  const share = (shared: boolean) =>
    attempt(async () => {
      await put(`/people/${person.id}/sharing`, { shared });
      done();
      say(t(shared ? "people.shared" : "people.unshared"));
    });
  return (
    <section class="card" aria-label={name}>
      <h2>{name}</h2>
      <p class="soft small">{person.lives_in.length ? t("people.livesIn", { rooms: listed(person.lives_in.map(roomName)) }) : t("people.livesInAll")}</p>
      {!person.yours && <p class="soft">{t(adult ? "people.theirs" : "people.theirsOnly", { name })}</p>}
      {SENSES.map((sense) => (
        <Switch
          key={sense}
          label={capital(senseWord(sense))}
          note={`${consentMeans(sense)} ${consentNow(person, sense, moods.value?.sensing ?? [], everyone, paused, roomName)}`}
          on={person.allows[sense] === true}
          disabled={!mayChange(person, sense, adult)}
          change={(allowed) => give(sense, allowed)}
        />
      ))}
      {person.shares !== undefined && (
        <Switch label={t("people.sharing")} note={t("people.sharingNote")} on={person.shares} disabled={!person.yours} change={share} />
      )}
      {person.yours && adult && !consentOnly && (
        <div class="row">
          <button
            class="btn"
            aria-label={t("rights.exportOf", { name })}
            onClick={() => attempt(() => download("/privacy/exports", { person: person.id }, `${person.id}.zip`))}
          >
            {t("rights.export")}
          </button>
          <button class="btn danger" aria-label={t("rights.eraseOf", { name })} onClick={() => setErasing(true)}>
            {t("rights.erase")}
          </button>
        </div>
      )}
      {erasing && <Erase person={person} close={() => setErasing(false)} done={done} />}
    </section>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
