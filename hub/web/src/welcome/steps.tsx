import type { ComponentType } from "preact";
import { useState } from "preact/hooks";

import { get, put } from "../api";
import { Controls } from "../devices/Controls";
import { counted, t, type Key } from "../i18n";
import { devices, homeName, me, moods, refresh, rooms } from "../live";
import { PersonCard } from "../people/PersonCard";
import type { Person } from "../people/consent";
import { calmest, type KnownScene } from "../scenes/scene";
import { DryRunCard } from "../rules/DryRunCard";
import type { Guards } from "../rules/LimitsCard";
import { idOf, newRule, type KnownRule, type Rule } from "../rules/rule";
import { Sentence } from "../rules/Sentence";
import { PairPhone } from "../settings/PairPhone";
import { ProofPlace } from "../settings/proof";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Skeleton } from "../ui/parts";
import { LiveCheck } from "./LiveCheck";
import type { Step } from "./progress";
import { WhoAreYou } from "./WhoAreYou";

interface StepProps {
  /** The step is done: go on to the next. */
  next: () => void;
}

export const VIEWS: Record<Step, ComponentType<StepProps>> = {
  name: Name,
  what: () => <Words about="what" />,
  not: () => <Words about="not" />,
  senses: Senses,
  light: Light,
  rule: FirstRule,
  phone: Phone,
};

function Name({ next }: StepProps) {
  const [name, setName] = useState(homeName.value);
  const save = () =>
    attempt(async () => {
      await put("/home", { name: name.trim() });
      await refresh();
      next();
    });
  return (
    <section class="card">
      <h2>{t("welcome.name")}</h2>
      <Field label={t("common.name")} note={t("welcome.nameNote")}>
        <input type="text" maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <div>
        <button class="btn main" disabled={!name.trim()} onClick={save}>
          {t("common.save")}
        </button>
      </div>
    </section>
  );
}

function Words({ about }: { about: "what" | "not" }) {
  return (
    <section class="card">
      <h2>{t(`welcome.${about}`)}</h2>
      {([1, 2, 3] as const).map((n) => (
        <p key={n}>{t(`welcome.${about}.${n}` as Key)}</p>
      ))}
    </section>
  );
}

function Senses() {
  const people = useLoad(() => get<{ people: Person[] }>("/people"));
  if (people.error) return <Problem error={people.error} retry={people.again} />;
  if (!people.data) return <Skeleton height={320} />;
  const own = people.data.people.find((one) => one.id === me.value?.member.person);
  return (
    <div class="panes">
      <div class="list">
        <h2>{t("welcome.senses")}</h2>
        <p class="soft">{t("welcome.sensesNote")}</p>
        {own ? <PersonCard person={own} everyone={people.data.people} paused={moods.value?.privacy ?? false} consentOnly done={people.again} /> : <WhoAreYou people={people.data.people} done={people.again} />}
      </div>
      <LiveCheck />
      <ProofPlace />
    </div>
  );
}

function Light() {
  const lights = (devices.value ?? []).filter((one) => !one.disabled && one.capabilities.some((can) => can.kind === "dimmable" || (can.kind === "switchable" && can.light)));
  return (
    <div class="list">
      <h2>{t("welcome.light")}</h2>
      <p class="soft">{t(lights.length ? "welcome.lightNote" : "welcome.noLight")}</p>
      <div class="columns">
        {lights.slice(0, 4).map((light) => (
          <section class="card" key={light.id} aria-label={light.name}>
            <h3>{light.name}</h3>
            <Controls device={light} />
          </section>
        ))}
      </div>
      <div>
        <a class="btn" href="/devices/add">
          {t("devices.add")}
        </a>
      </div>
    </div>
  );
}

function FirstRule({ next }: StepProps) {
  const found = useLoad(async () => ({
    rules: (await get<{ policies: KnownRule[] }>("/policies")).policies,
    people: (await get<{ people: Person[] }>("/people")).people,
    limits: (await get<Guards>("/guards")).guards,
    scenes: (await get<{ scenes: KnownScene[] }>("/scenes")).scenes,
  }));
  const [chosen, setRule] = useState<Rule | null>(null);
  if (found.error) return <Problem error={found.error} retry={found.again} />;
  if (!found.data) return <Skeleton height={320} />;
  if (!rooms.value.length) return <p class="note">{t("rules.needRoom")}</p>;
  const { rules, people, limits } = found.data;
  const rule = chosen ?? newRule(rooms.value[0]?.id ?? "", calmest(found.data.scenes));
  const save = () =>
    attempt(async () => {
      const taken = new Set(rules.map((one) => one.id));
      const name = idOf(t("welcome.ruleName"));
      let id = name;
      for (let n = 2; taken.has(id); n++) id = `${name}_${n}`;
      await put(`/policies/${id}`, rule);
      say(t("welcome.ruleSaved"));
      next();
    });
  return (
    <div class="panes">
      <section class="card">
        <h2>{t("welcome.rule")}</h2>
        <p class="soft">
          {t("welcome.ruleNote")} {rules.length > 0 && counted("welcome.ruleHas", rules.length)}
        </p>
        <Sentence rule={rule} people={people} limits={limits} change={setRule} />
        <div>
          <button class="btn main" onClick={save}>
            {t("common.save")}
          </button>
        </div>
      </section>
      <DryRunCard rule={rule} />
    </div>
  );
}

function Phone({ next }: StepProps) {
  return (
    <div class="list">
      <p class="soft">{t("welcome.phoneNote")}</p>
      <PairPhone done={next} />
      <ProofPlace />
    </div>
  );
}
