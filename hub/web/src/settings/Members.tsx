import { useState } from "preact/hooks";

import { get, patch, post, remove } from "../api";
import { t, type Key } from "../i18n";
import { me } from "../live";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Sheet, Skeleton } from "../ui/parts";
import { dayAndTime } from "../words";
import { proven } from "./proof";

export interface Member {
  id: string;
  name: string;
  role: string;
  person: string | null;
  since_ms: number;
  second_factor: boolean;
}

export const ROLES = ["owner", "adult", "child", "guest"] as const;

/** Who may use the app, and as what. */
export function Members() {
  const members = useLoad(() => get<{ members: Member[] }>("/members"));
  const people = useLoad(() => get<{ people: { id: string; name: string }[] }>("/people"));
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const change = (member: Member, what: Partial<Member>) =>
    attempt(async () => {
      await proven(() => patch(`/members/${member.id}`, what));
      members.again();
      say(t("common.saved"));
    });
  const drop = (member: Member) =>
    attempt(async () => {
      setRemoving(null);
      await proven(() => remove(`/members/${member.id}`));
      members.again();
      say(t("members.removed", { name: member.name }));
    });
  if (members.error) return <Problem error={members.error} retry={members.again} />;
  if (!members.data) return <Skeleton height={240} />;
  return (
    <>
      <div class="columns">
        {members.data.members.map((member) => (
          <section class="card" key={member.id} aria-label={member.name}>
            <div class="row between">
              <h2>{member.name}</h2>
              {member.second_factor && <span class="tag">{t("members.factor")}</span>}
            </div>
            <p class="soft small">{t("members.since", { when: dayAndTime(member.since_ms) })}</p>
            <Field label={t("members.role")} note={t(`role.${member.role}.may` as Key)}>
              <RoleChoice role={member.role} change={(role) => change(member, { role })} />
            </Field>
            <Field label={t("members.person")}>
              <PersonChoice person={member.person} people={people.data?.people ?? []} change={(person) => change(member, { person: person || null })} />
            </Field>
            {member.id !== me.value?.member.id && (
              <div>
                <button class="btn danger" aria-label={t("members.remove", { name: member.name })} onClick={() => setRemoving(member)}>
                  {t("common.remove")}
                </button>
              </div>
            )}
          </section>
        ))}
      </div>
      <div>
        <button class="btn main" onClick={() => setAdding(true)}>
          {t("members.add")}
        </button>
      </div>
      {adding && <NewMember people={people.data?.people ?? []} close={() => setAdding(false)} done={members.again} />}
      {removing && (
        <Sheet title={t("members.remove", { name: removing.name })} close={() => setRemoving(null)}>
          <p>{t("members.sure", { name: removing.name })}</p>
          <div class="row">
            <button class="btn danger" onClick={() => drop(removing)}>
              {t("common.remove")}
            </button>
            <button class="btn" onClick={() => setRemoving(null)}>
              {t("common.cancel")}
            </button>
          </div>
        </Sheet>
      )}
    </>
  );
}

function NewMember({ people, close, done }: { people: readonly { id: string; name: string }[]; close: () => void; done: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<string>("adult");
  const [person, setPerson] = useState("");
  const add = () =>
    attempt(async () => {
      await proven(() => post("/members", { name: name.trim(), role, ...(person ? { person } : {}) }));
      done();
      close();
      say(t("common.saved"));
    });
  return (
    <Sheet title={t("members.add")} close={close}>
      <Field label={t("common.name")}>
        <input type="text" maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <Field label={t("members.role")} note={t(`role.${role}.may` as Key)}>
        <RoleChoice role={role} change={setRole} />
      </Field>
      <Field label={t("members.person")}>
        <PersonChoice person={person} people={people} change={setPerson} />
      </Field>
      <button class="btn main" disabled={!name.trim()} onClick={add}>
        {t("common.add")}
      </button>
    </Sheet>
  );
}

export function RoleChoice({ role, change }: { role: string; change: (role: string) => void }) {
  return (
    <select value={role} onChange={(event) => change(event.currentTarget.value)}>
      {ROLES.map((one) => (
        <option key={one} value={one} selected={one === role}>
          {t(`role.${one}`)}
        </option>
      ))}
    </select>
  );
}

function PersonChoice({ person, people, change }: { person: string | null; people: readonly { id: string; name: string }[]; change: (person: string) => void }) {
  return (
    <select value={person ?? ""} onChange={(event) => change(event.currentTarget.value)}>
      <option value="">{t("members.nobody")}</option>
      {people.map((one) => (
        <option key={one.id} value={one.id} selected={one.id === person}>
          {one.name}
        </option>
      ))}
    </select>
  );
}
