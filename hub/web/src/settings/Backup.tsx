import { useState } from "preact/hooks";

import { download, get, post, send } from "../api";
import { counted, t } from "../i18n";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Skeleton } from "../ui/parts";
import { dayAndTime } from "../words";
import { proven } from "./proof";

interface RestoreState {
  uploaded: boolean;
  waits: boolean;
  can_undo: boolean;
  progress: string;
}

const SHORTEST = 12;
const LIMIT_MS = 30 * 60_000;

/** Everything in one encrypted file, and back. */
export function Backup() {
  const copies = useLoad(() => get<{ backups: string[] }>("/system/backups"));
  const copyNow = () => attempt(async () => copies.set(await post<{ backups: string[] }>("/system/backups")));
  return (
    <div class="panes">
      <div class="list">
        <Make />
        <section class="card" aria-label={t("backup.daily")}>
          <h2>{t("backup.daily")}</h2>
          <p class="soft small">{t("backup.dailyNote")}</p>
          {copies.error && <Problem error={copies.error} retry={copies.again} />}
          {!copies.data && !copies.error && <Skeleton height={80} />}
          <ul class="list small">{copies.data?.backups.map((name) => <li key={name}>{name}</li>)}</ul>
          <div>
            <button class="btn" onClick={copyNow}>
              {t("backup.copyNow")}
            </button>
          </div>
        </section>
      </div>
      <Restore />
    </div>
  );
}

function Make() {
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [busy, setBusy] = useState(false);
  const short = first !== "" && first.length < SHORTEST;
  const differs = second !== "" && first !== second;
  const make = async () => {
    setBusy(true);
    const name = `moodsync-${new Date().toISOString().slice(0, 10)}.backup`;
    await attempt(() => proven(() => download("/system/backup", { passphrase: first }, name, LIMIT_MS)));
    setBusy(false);
    setFirst("");
    setSecond("");
  };
  return (
    <section class="card" aria-label={t("backup.make")}>
      <h2>{t("backup.make")}</h2>
      <p class="soft small">{t("backup.makeNote")}</p>
      <Field label={t("backup.passphrase")} error={short ? counted("backup.short", SHORTEST) : undefined}>
        <input type="password" autocomplete="new-password" value={first} onInput={(event) => setFirst(event.currentTarget.value)} />
      </Field>
      <Field label={t("backup.again")} error={differs ? t("backup.differs") : undefined}>
        <input type="password" autocomplete="new-password" value={second} onInput={(event) => setSecond(event.currentTarget.value)} />
      </Field>
      <div>
        <button class="btn main" disabled={busy || short || !first || first !== second} onClick={make}>
          {busy ? t("backup.working", { progress: "" }) : t("backup.download")}
        </button>
      </div>
    </section>
  );
}

function Restore() {
  const state = useLoad(() => get<RestoreState>("/system/restore"));
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState("");
  const [busy, setBusy] = useState(false);
  const restore = async () => {
    if (!file) return;
    setBusy(true);
    await attempt(async () => {
      await proven(() => send("PUT", "/system/restore/file", file, LIMIT_MS));
      const done = await proven(() => post<{ made_at: string; restarts: boolean }>("/system/restore", { passphrase }, { limitMs: LIMIT_MS }));
      say(t(done.restarts ? "backup.restored" : "backup.restoredByHand", { when: dayAndTime(Date.parse(done.made_at)) }));
    });
    setPassphrase("");
    setBusy(false);
    state.again();
  };
  const undo = () => attempt(() => proven(() => post("/system/restore/undo")).then(() => say(t("backup.undone"))));
  return (
    <section class="card" aria-label={t("backup.restore")}>
      <h2>{t("backup.restore")}</h2>
      <p class="soft small">{t("backup.restoreNote")}</p>
      {state.error && <Problem error={state.error} retry={state.again} />}
      <Field label={t("backup.file")}>
        <input type="file" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
      </Field>
      <Field label={t("backup.passphrase")}>
        <input type="password" autocomplete="off" value={passphrase} onInput={(event) => setPassphrase(event.currentTarget.value)} />
      </Field>
      {busy && <p role="status">{t("backup.working", { progress: state.data?.progress ?? "" })}</p>}
      <div class="row">
        <button class="btn danger" disabled={busy || !file || !passphrase} onClick={restore}>
          {t("backup.send")}
        </button>
        {state.data?.can_undo && (
          <button class="btn" onClick={undo}>
            {t("backup.undo")}
          </button>
        )}
      </div>
    </section>
  );
}
