import { useState } from "preact/hooks";

import { post } from "../api";
import { t } from "../i18n";
import { attempt, Empty, say } from "../ui/parts";

interface Suggestion {
  kind: string;
  name: string;
  address: string;
  found_by: string;
  configured: boolean;
  add: string;
  run: string;
  note: string;
}

interface Found {
  suggestions: Suggestion[];
  problems: string[];
}

const SECONDS = 5;
const LIMIT_MS = 30_000;

/** What announces itself in the home's network, and the lines that would add it. Adds nothing. */
export function Discovered() {
  const [looking, setLooking] = useState(false);
  const [found, setFound] = useState<Found | null>(null);
  const look = async () => {
    setLooking(true);
    const answer = await attempt(() => post<Found>("/discoveries", { seconds: SECONDS }, { limitMs: LIMIT_MS }));
    setLooking(false);
    if (answer) setFound(answer);
  };
  const fresh = found?.suggestions.filter((one) => !one.configured) ?? [];
  const known = (found?.suggestions.length ?? 0) - fresh.length;
  return (
    <section class="card" aria-label={t("discover.title")}>
      <h2>{t("discover.title")}</h2>
      <p class="soft">{t("discover.intro")}</p>
      <div class="row">
        <button class="btn" disabled={looking} onClick={look}>
          {t(looking ? "discover.looking" : "discover.look")}
        </button>
      </div>
      <div class="list" role="status" aria-live="polite">
        {found && !fresh.length && <Empty title={t("discover.none")}>{known > 0 ? t("discover.allKnown") : t("discover.noneText")}</Empty>}
        {fresh.map((one) => (
          <Suggested key={`${one.kind} ${one.address} ${one.name}`} one={one} />
        ))}
        {found?.problems.map((problem) => (
          <p class="soft small" key={problem}>
            {t("discover.problem", { problem })}
          </p>
        ))}
      </div>
    </section>
  );
}

function Suggested({ one }: { one: Suggestion }) {
  const copy = () => attempt(async () => (await navigator.clipboard.writeText(one.add), say(t("discover.copied"))));
  return (
    <article class="list">
      <strong>{one.name}</strong>
      <span class="soft small">
        {one.kind} · <span class="num">{one.address}</span>
      </span>
      {one.add && (
        <>
          <span class="soft small">{t("discover.lines")}</span>
          <pre class="literal">{one.add}</pre>
          <div>
            <button class="btn" aria-label={`${t("discover.copy")}: ${one.name}`} onClick={copy}>
              {t("discover.copy")}
            </button>
          </div>
        </>
      )}
      {one.run && (
        <>
          <span class="soft small">{t("discover.run")}</span>
          <pre class="literal">{one.run}</pre>
        </>
      )}
      {one.note && <p class="soft small">{one.note}</p>}
    </article>
  );
}
