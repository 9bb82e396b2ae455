import { useEffect, useState } from "preact/hooks";

import { counted, t } from "../i18n";
import { follow, stale } from "../live";
import { Field } from "../ui/Choice";

export interface LogLine {
  seq: number;
  at: string;
  level: string;
  event: string;
  fields: Record<string, unknown>;
}

const KEPT = 500;
const LEVELS = ["debug", "info", "warning", "error"];

/** The hub's log as it is written, over the live connection; redacted before it ever was. */
export function LogView() {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  /** What was shown when it was paused; null while it runs. */
  const [held, hold] = useState<readonly LogLine[] | null>(null);
  const [level, setLevel] = useState("info");
  const [search, setSearch] = useState("");
  useEffect(
    () =>
      follow("log", (data, whole) => {
        const news = (data as { lines: LogLine[] }).lines;
        setLines((known) => (whole ? news : withLines(known, news)));
      }),
    [],
  );
  const waiting = held ? fitting(lines.filter((line) => line.seq > (held.at(-1)?.seq ?? 0)), level, search).length : 0;
  const shown = fitting(held ?? lines, level, search);
  return (
    <section class="card" aria-label={t("settings.log")}>
      <div class="row bottom">
        <button class="btn" aria-pressed={held !== null} onClick={() => hold(held ? null : lines)}>
          {t(held ? "log.go" : "log.pause")}
        </button>
        <Field label={t("log.level")}>
          <select value={level} onChange={(event) => setLevel(event.currentTarget.value)}>
            {LEVELS.map((one) => (
              <option key={one} value={one} selected={one === level}>
                {one}
              </option>
            ))}
          </select>
        </Field>
        <div class="grow wide">
          <Field label={t("log.search")}>
            <input type="text" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
          </Field>
        </div>
      </div>
      {stale.value && <p class="note" role="status">{t("log.away")}</p>}
      {held && <p class="small soft" role="status">{waiting ? counted("log.waiting", waiting) : t("log.paused")}</p>}
      {!shown.length && <p class="soft">{t("log.empty")}</p>}
      {shown.length > 0 && <ol class="log" tabIndex={0} aria-label={t("settings.log")}>
        {[...shown].reverse().map((line) => (
          <li key={line.seq} class={line.level}>
            <span class="num soft">{line.at.slice(11, 19)}</span> <strong>{line.event}</strong> {fieldsOf(line)}
          </li>
        ))}
      </ol>}
    </section>
  );
}

/** Add what is new: lines that are known already come again when the connection does. */
export function withLines(known: readonly LogLine[], news: readonly LogLine[]): LogLine[] {
  const last = known.at(-1)?.seq ?? 0;
  return [...known, ...news.filter((line) => line.seq > last)].slice(-KEPT);
}

/** Lines of this level or above that hold what is searched for. */
export function fitting(lines: readonly LogLine[], level: string, search: string): LogLine[] {
  const least = LEVELS.indexOf(level);
  const wanted = search.trim().toLowerCase();
  return lines.filter((line) => {
    const at = LEVELS.indexOf(line.level);
    return (at < 0 || at >= least) && (!wanted || `${line.event} ${fieldsOf(line)}`.toLowerCase().includes(wanted));
  });
}

function fieldsOf(line: LogLine): string {
  return Object.entries(line.fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
