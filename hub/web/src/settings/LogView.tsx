import { useEffect, useRef, useState } from "preact/hooks";

import { get } from "../api";
import { t } from "../i18n";
import { Field } from "../ui/Choice";
import { asError } from "../ui/load";
import { Switch } from "../ui/parts";

export interface LogLine {
  seq: number;
  at: string;
  level: string;
  event: string;
  fields: Record<string, unknown>;
}

const EVERY_MS = 2000;
const KEPT = 500;
const LEVELS = ["debug", "info", "warning", "error"];

/** The hub's log as it is written; redacted before it ever was. */
export function LogView() {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [live, setLive] = useState(true);
  const [level, setLevel] = useState("info");
  const [search, setSearch] = useState("");
  const [why, setWhy] = useState("");
  const last = useRef(0);
  useEffect(() => {
    if (!live) return;
    let there = true;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        const { lines: news } = await get<{ lines: LogLine[] }>("/system/log", { query: { after: last.current, limit: KEPT } });
        if (!there) return;
        last.current = news.at(-1)?.seq ?? last.current;
        if (news.length) setLines((known) => [...known, ...news].slice(-KEPT));
        setWhy("");
      } catch (err) {
        if (there) setWhy(asError(err).message);
      }
      timer = setTimeout(look, EVERY_MS);
    };
    void look();
    return () => {
      there = false;
      clearTimeout(timer);
    };
  }, [live]);
  const shown = fitting(lines, level, search);
  return (
    <section class="card" aria-label={t("settings.log")}>
      <div class="row">
        <Switch label={t("log.live")} on={live} change={setLive} />
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
      {why && <p class="note" role="status">{t("log.away", { why })}</p>}
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
