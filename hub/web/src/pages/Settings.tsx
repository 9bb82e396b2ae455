import type { ComponentType } from "preact";

import { choose, language, LANGUAGES, t, type Key, type Language } from "../i18n";
import { me } from "../live";
import { path } from "../route";
import { Backup } from "../settings/Backup";
import { Config } from "../settings/Config";
import { Health } from "../settings/Health";
import { LogView } from "../settings/LogView";
import { Members } from "../settings/Members";
import { PairPhone } from "../settings/PairPhone";
import { ProofPlace } from "../settings/proof";
import { Security } from "../settings/Security";
import { Sessions } from "../settings/Sessions";
import { Field } from "../ui/Choice";
import { Empty } from "../ui/parts";

interface Part {
  name: "members" | "sessions" | "pair" | "security" | "health" | "log" | "config" | "backup";
  view: ComponentType;
  /** What the session must be allowed. */
  needs: string;
}

const LET_IN: readonly Part[] = [
  { name: "members", view: Members, needs: "admin" },
  { name: "sessions", view: Sessions, needs: "session" },
  { name: "pair", view: () => <PairPhone />, needs: "admin" },
  { name: "security", view: Security, needs: "admin" },
];
const HUB: readonly Part[] = [
  { name: "health", view: Health, needs: "see" },
  { name: "log", view: LogView, needs: "admin" },
  { name: "config", view: Config, needs: "admin" },
  { name: "backup", view: Backup, needs: "admin" },
];

/** Settings and administration: a list of parts, or one of them. */
export function Settings() {
  const which = path.value.split("/")[2];
  const part = [...LET_IN, ...HUB].find((one) => one.name === which);
  const may = me.value?.access ?? [];
  if (!part) return <Menu may={may} />;
  return (
    <div class="list">
      <div class="row between">
        <h2>{t(`settings.${part.name}`)}</h2>
        <a class="btn quiet" href="/settings">
          ‹ {t("page.settings")}
        </a>
      </div>
      {may.includes(part.needs) ? <part.view /> : <Empty title={t("settings.ownersOnly")}>{t("settings.ownersOnlyText")}</Empty>}
      <ProofPlace />
    </div>
  );
}

function Menu({ may }: { may: readonly string[] }) {
  return (
    <div class="panes">
      <div class="list">
        <section class="card" aria-label={t("settings.language")}>
          <Field label={t("settings.language")} note={t("settings.languageNote")}>
            <select value={language.value} onChange={(event) => choose(event.currentTarget.value as Language)}>
              {Object.entries(LANGUAGES).map(([tag, name]) => (
                <option key={tag} value={tag} lang={tag} selected={tag === language.value}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
          {me.value && <p class="soft small">{t("settings.you", { name: me.value.member.name, role: t(`role.${me.value.member.role}` as Key) })}</p>}
        </section>
        {may.includes("arrange") && (
          <Group title={t("settings.house")}>
            <Go to="/rules" title={t("page.rules")} note={t("rules.intro")} />
            <Go to="/scenes" title={t("page.scenes")} note={t("scenes.intro")} />
            <Go to="/devices" title={t("page.devices")} note={t("devices.add")} />
            <Go to="/welcome" title={t("settings.setup")} note={t("settings.setupNote")} />
          </Group>
        )}
      </div>
      <div class="list">
        <Parts title={t("settings.letIn")} parts={LET_IN} may={may} />
        <Parts title={t("settings.hub")} parts={HUB} may={may} />
      </div>
    </div>
  );
}

function Parts({ title, parts, may }: { title: string; parts: readonly Part[]; may: readonly string[] }) {
  const shown = parts.filter((part) => may.includes(part.needs));
  if (!shown.length) return null;
  return (
    <Group title={title}>
      {shown.map(({ name }) => (
        <Go key={name} to={`/settings/${name}`} title={t(`settings.${name}`)} note={t(`settings.${name}Note`)} />
      ))}
    </Group>
  );
}

function Group({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <nav class="card" aria-label={title}>
      <h2>{title}</h2>
      <div class="list lined">{children}</div>
    </nav>
  );
}

function Go({ to, title, note }: { to: string; title: string; note: string }) {
  return (
    <a class="go" href={to}>
      <span>
        {title}
        <span class="soft small block">{note}</span>
      </span>
    </a>
  );
}
