import { useEffect, useState } from "preact/hooks";

import { post } from "../api";
import { counted, t } from "../i18n";
import { devices } from "../live";
import { Field } from "../ui/Choice";
import { attempt } from "../ui/parts";
import { argumentsOf, howOf, lastsS, sentOf, titleOf, type Argument, type Operation } from "./join";

interface Ran {
  answer: Record<string, unknown>;
  told: string[];
}

/** One thing a network can do: its form, the countdown while it runs, and what came of it. */
export function OperationCard({ operation, live }: { operation: Operation; live: boolean }) {
  const list = argumentsOf(operation.arguments, operation.name);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [ends, setEnds] = useState<number | null>(null);
  const [before, setBefore] = useState<ReadonlySet<string>>(new Set());
  const [ran, setRan] = useState<Ran | null>(null);
  const [sure, setSure] = useState(false);
  const missing = list.some((one) => one.required && !(typed[one.name] ?? one.first));
  const run = async () => {
    if (operation.destroys && !sure) return setSure(true);
    const sent = sentOf(list, typed);
    const lasts = lastsS(operation, sent);
    setRan(null);
    setBefore(new Set((devices.value ?? []).map((device) => device.id)));
    setEnds(Date.now() + lasts * 1000);
    const path = `/networks/${operation.driver}/operations/${operation.name}`;
    const answer = await attempt(() => post<Ran>(path, { arguments: sent }, { limitMs: (operation.limit_s + 15) * 1000 }));
    setEnds(null);
    setSure(false);
    if (answer) setRan(answer);
  };
  const joined = (devices.value ?? []).filter((device) => !before.has(device.id));
  return (
    <article class="card">
      <div class="row between">
        <h3>{titleOf(operation)}</h3>
        <span class="tag">{operation.driver}</span>
      </div>
      <p class="soft">{howOf(operation)}</p>
      {list.map((one) => (
        <Input key={one.name} argument={one} value={typed[one.name] ?? one.first} change={(text) => setTyped({ ...typed, [one.name]: text })} />
      ))}
      {sure && ends === null && <p class="wrong" role="alert">{t("join.destroys")}</p>}
      <div class="row">
        <button class={`btn ${operation.destroys ? "danger" : "main"}`} disabled={ends !== null || missing} onClick={run}>
          {t(sure ? "join.sure" : "join.start")}
        </button>
        {ends !== null && <Countdown ends={ends} />}
      </div>
      {live && (ends !== null || (ran && joined.length > 0)) && (
        <div class="list" role="status" aria-live="polite">
          <strong>{joined.length ? counted("join.since", joined.length) : t("join.waiting")}</strong>
          {joined.map((device) => (
            <a key={device.id} class="go" href={`/devices/${encodeURIComponent(device.id)}`}>
              {device.name}
            </a>
          ))}
        </div>
      )}
      {ran && <Result ran={ran} />}
    </article>
  );
}

function Input({ argument, value, change }: { argument: Argument; value: string; change: (text: string) => void }) {
  const label = argument.required ? argument.label : `${argument.label} (${t("join.optional")})`;
  return (
    <Field label={label}>
      {argument.kind === "choice" || argument.kind === "yes" ? (
        <select value={value} onChange={(event) => change(event.currentTarget.value)}>
          {argument.kind === "yes" ? (
            <>
              <option value="false">{t("rule.no")}</option>
              <option value="true">{t("rule.yes")}</option>
            </>
          ) : (
            <>
              {!argument.first && <option value="">–</option>}
              {argument.options.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </>
          )}
        </select>
      ) : argument.kind === "number" ? (
        <input type="number" min={argument.minimum ?? ""} max={argument.maximum ?? ""} step="any" value={value} onInput={(event) => change(event.currentTarget.value)} />
      ) : argument.kind === "secret" ? (
        <input type="password" autocomplete="off" value={value} onInput={(event) => change(event.currentTarget.value)} />
      ) : (
        <input type="text" autocomplete="off" value={value} onInput={(event) => change(event.currentTarget.value)} />
      )}
    </Field>
  );
}

/** Counts down to a moment; screen readers hear it every quarter minute. */
export function Countdown({ ends }: { ends: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.round((ends - now) / 1000));
  const text = t("join.left", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` });
  return (
    <>
      <strong class="num" aria-hidden="true">
        {text}
      </strong>
      <span class="visually-hidden" role="timer" aria-live={left % 15 === 0 ? "polite" : "off"}>
        {text}
      </span>
    </>
  );
}

function Result({ ran }: { ran: Ran }) {
  const rows = Object.entries(ran.answer);
  return (
    <div class="list">
      <strong>{rows.length ? t("join.found") : t("join.done")}</strong>
      {ran.told.length > 0 && <pre class="literal">{ran.told.join("\n")}</pre>}
      {rows.length > 0 && <pre class="literal">{rows.map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value, null, 2)}`).join("\n")}</pre>}
    </div>
  );
}
