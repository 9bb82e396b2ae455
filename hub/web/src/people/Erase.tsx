import { useState } from "preact/hooks";

import { post } from "../api";
import { counted, number, t, word } from "../i18n";
import { proven } from "../settings/proof";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Sheet, Skeleton } from "../ui/parts";
import { recordsOf, type Person } from "./consent";

const LIMIT_MS = 600_000;

/** Erase a person: what goes is counted first, and the name is typed. */
export function Erase({ person, close, done }: { person: Person; close: () => void; done: () => void }) {
  const counts = useLoad(() => post<{ files: Record<string, number> }>("/privacy/counts", { person: person.id }, { limitMs: 60_000 }));
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const records = counts.data && recordsOf(counts.data.files);
  const total = records?.reduce((sum, [, n]) => sum + n, 0) ?? 0;
  const sure = typed.trim().toLowerCase() === person.name.toLowerCase();
  const erase = async () => {
    setBusy(true);
    const answer = await attempt(() => proven(() => post<{ traces: number }>("/privacy/erasures", { person: person.id, confirm: person.id }, { limitMs: LIMIT_MS })));
    setBusy(false);
    if (!answer) return;
    close();
    done();
    say(answer.traces ? counted("rights.trace", answer.traces) : t("rights.erased", { name: person.name }));
  };
  return (
    <Sheet title={t("rights.eraseOf", { name: person.name })} close={close}>
      {counts.error && <Problem error={counts.error} retry={counts.again} />}
      {!records && !counts.error && (
        <>
          <p>{t("rights.counting")}</p>
          <Skeleton height={120} />
        </>
      )}
      {records && !records.length && <p>{t("rights.nothing", { name: person.name })}</p>}
      {records && records.length > 0 && (
        <>
          <p>{t("rights.what")}</p>
          <ul class="list">
            {records.map(([kind, n]) => (
              <li class="row between nowrap" key={kind}>
                <span>{word("record", kind)}</span>
                <span class="num">{number(n)}</span>
              </li>
            ))}
          </ul>
          <strong>{counted("rights.total", total)}</strong>
        </>
      )}
      <p>{t("rights.noBack")}</p>
      <Field label={t("rights.type", { name: person.name })}>
        <input type="text" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </Field>
      <div class="row">
        <button class="btn danger" disabled={!sure || !counts.data || busy} onClick={erase}>
          {t("rights.eraseNow")}
        </button>
        <button class="btn" onClick={close}>
          {t("rights.keep")}
        </button>
      </div>
    </Sheet>
  );
}
