import { useState } from "preact/hooks";

import { get } from "../api";
import { t } from "../i18n";
import { Segments } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { Problem, Skeleton } from "../ui/parts";
import { ago, senseWord } from "../words";

interface Audit {
  at_ms: number;
  actor: string;
  /** Left out by hubs that do not tell. */
  who?: string;
  action: string;
  detail: string;
}

interface Consented {
  at_ms: number;
  person: string;
  sense: string;
  given: boolean;
  by: string;
}

const PAGE = 15;
const MOST = 1000;

/** Who did what, and who agreed to what when: every adult's to read. */
export function AuditCard({ nameOf }: { nameOf: (person: string) => string }) {
  const [shown, show] = useState<"actions" | "consents">("actions");
  const [limit, setLimit] = useState(PAGE);
  const log = useLoad(
    async () => ({
      actions: (await get<{ entries: Audit[] }>("/privacy/audit", { query: { limit } })).entries,
      consents: (await get<{ entries: Consented[] }>("/privacy/consents", { query: { limit } })).entries,
    }),
    [limit],
  );
  const lines: { at_ms: number; text: string }[] =
    shown === "actions"
      ? (log.data?.actions ?? []).map((one) => ({ at_ms: one.at_ms, text: `${one.who ?? nameOf(one.actor)}: ${[one.action, one.detail].filter(Boolean).join(" · ")}` }))
      : (log.data?.consents ?? []).map((one) => ({
          at_ms: one.at_ms,
          text: t(one.given ? "audit.given" : "audit.taken", { name: nameOf(one.person), sense: senseWord(one.sense), by: nameOf(one.by) }),
        }));
  return (
    <section class="card" aria-label={t("audit.title")}>
      <h2>{t("audit.title")}</h2>
      <p class="soft small">{t("audit.adults")}</p>
      <Segments
        label={t("audit.title")}
        value={shown}
        options={[
          { value: "actions", label: t("audit.actions") },
          { value: "consents", label: t("audit.consents") },
        ]}
        change={show}
      />
      {log.error && <Problem error={log.error} retry={log.again} />}
      {!log.data && !log.error && <Skeleton height={160} />}
      {log.data && !lines.length && <p class="soft">{t("audit.none")}</p>}
      {lines.length > 0 && (
        <ul class="list lined small">
          {lines.map((line, index) => (
            <li class="row between nowrap" key={index}>
              <span>{line.text}</span>
              <span class="soft nobreak">{ago(line.at_ms, Date.now())}</span>
            </li>
          ))}
        </ul>
      )}
      {lines.length === limit && limit < MOST && (
        <button class="btn" onClick={() => setLimit(Math.min(MOST, limit * 3))}>
          {t("audit.more")}
        </button>
      )}
    </section>
  );
}
