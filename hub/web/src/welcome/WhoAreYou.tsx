import { useState } from "preact/hooks";

import { get, patch, post } from "../api";
import { t } from "../i18n";
import { me, refresh } from "../live";
import type { Person } from "../people/consent";
import { proven } from "../settings/proof";
import { Field } from "../ui/Choice";
import { attempt, say } from "../ui/parts";

const LOOK_EVERY_MS = 500;
const TAKES_MS = 60_000;

/** Says who one is, or adds oneself: a consent needs somebody who gives it. */
export function WhoAreYou({ people, done }: { people: readonly Person[]; done: () => void }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const asThis = async (work: () => Promise<string>) => {
    setBusy(true);
    await attempt(async () => {
      await known(await work());
      await refresh();
      done();
    });
    setBusy(false);
  };
  const add = () =>
    asThis(async () => {
      const added = await post<{ id: string; restarts: boolean }>("/people", { name: name.trim(), me: true });
      if (added.restarts) say(t("welcome.takesOver"));
      return added.id;
    });
  const am = (person: Person) =>
    asThis(async () => {
      await proven(() => patch(`/members/${me.value!.member.id}`, { person: person.id }));
      return person.id;
    });
  if (!me.value?.access.includes("admin")) return <p class="note">{t("welcome.noPerson")}</p>;
  return (
    <section class="card" aria-label={t("welcome.who")}>
      <h3>{t("welcome.who")}</h3>
      <p class="soft">{t("welcome.whoNote")}</p>
      {people.length > 0 && (
        <div class="row">
          {people.map((person) => (
            <button class="btn" key={person.id} disabled={busy} onClick={() => am(person)}>
              {t("welcome.iAm", { name: person.name })}
            </button>
          ))}
        </div>
      )}
      <Field label={t(people.length ? "welcome.orName" : "welcome.yourName")}>
        <input type="text" maxLength={60} autocomplete="given-name" value={name} disabled={busy} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <div>
        <button class="btn main" disabled={busy || !name.trim()} onClick={add}>
          {t(busy ? "welcome.takesOver" : "welcome.thatIsMe")}
        </button>
      </div>
    </section>
  );
}

/** Wait until the hub knows them: it starts anew for somebody new, and is away for a moment. */
async function known(person: string): Promise<void> {
  const until = Date.now() + TAKES_MS;
  for (;;) {
    const found = await get<{ people: Person[] }>("/people").catch((err: unknown) => {
      if (Date.now() > until) throw err;
      return null;
    });
    if (found?.people.some((one) => one.id === person) || (found && Date.now() > until)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
