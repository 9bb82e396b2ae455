import { useState } from "preact/hooks";

import { get, post, put, remove } from "../api";
import { t } from "../i18n";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Skeleton } from "../ui/parts";
import { Qr } from "../ui/Qr";
import { dayAndTime } from "../words";
import { canPasskeys, makePasskey } from "./passkeys";
import { CodeField, proven, type Factors } from "./proof";

/** The owner's second factor: an authenticator app, passkeys. */
export function Security() {
  const factors = useLoad(() => get<Factors>("/factors"));
  const [begun, setBegun] = useState<{ uri: string; qr: string[] } | null>(null);
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  if (factors.error) return <Problem error={factors.error} retry={factors.again} />;
  if (!factors.data) return <Skeleton height={240} />;
  const changed = (now?: Factors) => {
    if (now) factors.set(now);
    else factors.again();
    say(t("security.changed"));
  };
  const begin = () => attempt(async () => setBegun(await proven(() => post<{ uri: string; qr: string[] }>("/factors/totp"))));
  const finish = () =>
    attempt(async () => {
      changed(await proven(() => put<Factors>("/factors/totp", { code })));
      setBegun(null);
      setCode("");
    });
  const off = () => attempt(() => proven(() => remove("/factors/totp")).then(() => changed()));
  const add = () =>
    attempt(async () => {
      changed(await proven(() => makePasskey(name.trim())));
      setName("");
    });
  const drop = (id: string) => attempt(() => proven(() => remove(`/factors/passkeys/${id}`)).then(() => changed()));
  return (
    <div class="panes">
      <section class="card" aria-label={t("security.totp")}>
        <h2>{t("security.totp")}</h2>
        <p class="soft">{t("security.intro")}</p>
        {factors.data.totp ? (
          <div class="row between">
            <span>{t("security.totpOn")}</span>
            <button class="btn danger" onClick={off}>
              {t("security.totpOff")}
            </button>
          </div>
        ) : begun ? (
          <>
            <p>{t("security.totpScan")}</p>
            <Qr rows={begun.qr} label={t("security.totpScan")} />
            <pre class="literal">{new URL(begun.uri).searchParams.get("secret")}</pre>
            <CodeField code={code} change={setCode} />
            <div class="row">
              <button class="btn main" disabled={code.length !== 6} onClick={finish}>
                {t("common.done")}
              </button>
              <button class="btn" onClick={() => setBegun(null)}>
                {t("common.cancel")}
              </button>
            </div>
          </>
        ) : (
          <div>
            <button class="btn main" onClick={begin}>
              {t("security.totpBegin")}
            </button>
          </div>
        )}
      </section>
      <section class="card" aria-label={t("security.keys")}>
        <h2>{t("security.keys")}</h2>
        {!factors.data.passkeys.length && <p class="soft">{t("security.noKeys")}</p>}
        <ul class="list lined">
          {factors.data.passkeys.map((key) => (
            <li class="row between nowrap" key={key.id}>
              <span>
                {key.name}
                <span class="soft small block">{t("members.since", { when: dayAndTime(key.since_ms) })}</span>
              </span>
              <button class="btn danger" aria-label={`${t("common.remove")}: ${key.name}`} onClick={() => drop(key.id)}>
                {t("common.remove")}
              </button>
            </li>
          ))}
        </ul>
        {canPasskeys() ? (
          <>
            <Field label={t("security.keyName")}>
              <input type="text" maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} />
            </Field>
            <div>
              <button class="btn" disabled={!name.trim()} onClick={add}>
                {t("security.addKey")}
              </button>
            </div>
          </>
        ) : (
          <p class="soft">{t("security.noPasskeys")}</p>
        )}
      </section>
    </div>
  );
}
