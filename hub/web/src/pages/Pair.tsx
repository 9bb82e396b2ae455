import { useEffect, useState } from "preact/hooks";

import { fill, t } from "../i18n";
import { suggestedName } from "../device";
import { begin, connection, unpairedWhy } from "../live";
import { ask, mend, pairByDigits, pairByLink, type Hub } from "../pairing/pair";
import { ticketOf } from "../pairing/protocol";
import { fragment, go } from "../route";
import { Skeleton } from "../ui/parts";

const LOOK_EVERY_MS = 2500;
const DIGITS = 9;
const NAME_CHARS = 60;
/** The link's secret is good once: when it was used, the page asks for digits. */
let ticket = ticketOf(fragment);

/** How a device gets in: by the link it scanned, or by the digits that somebody reads out. */
export function Pair() {
  const [hub, setHub] = useState<Hub | null>(null);
  const [trouble, setTrouble] = useState<{ what: string; help: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const [name, setName] = useState(suggestedName());
  const look = () => ask().then((told) => (setHub(told), setTrouble((now) => (now?.what === away?.what ? null : now))), (err) => setTrouble((away = mend(err))));
  useEffect(() => {
    void look();
    const timer = setInterval(() => document.visibilityState === "visible" && void look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const letIn = async (how: () => Promise<void>) => {
    setBusy(true);
    setTrouble(null);
    try {
      await how();
      ticket = null;
      await begin();
      go("/");
    } catch (err) {
      ticket = null;
      setTrouble(mend(err));
      await look();
    } finally {
      setBusy(false);
    }
  };
  const open = hub?.state === "open" || hub?.state === "asked";
  if (connection.value === "home" && !busy) return <In home={hub?.home} />;
  return (
    <main class="pair">
      <img src="/icon.svg" alt="" width="64" height="64" />
      <h1>{hub ? hub.home : "MoodSync"}</h1>
      {!window.isSecureContext && <Note what={t("pairing.notEncrypted")} help={t("pairing.notEncryptedHelp")} />}
      {unpairedWhy.value !== "new" && <Note what={t(`pairing.${unpairedWhy.value}`)} help={t(`pairing.${unpairedWhy.value}Help`)} />}
      {trouble && <Note {...trouble} />}
      {!hub && !trouble && <Skeleton height={160} />}
      {hub && !open && <Closed />}
      {hub && open && (
        <form
          class="card"
          onSubmit={(event) => {
            event.preventDefault();
            const digits = new FormData(event.currentTarget).get("digits");
            const link = ticket;
            void letIn(() => (link ? pairByLink(link, name.trim()) : pairByDigits(String(digits).replace(/\D/g, ""), name.trim())));
          }}
        >
          <p>{ticket ? t("pairing.letInLink") : t("pairing.typeDigits")}</p>
          {!ticket && (
            <label class="field">
              <span>{t("pairing.digits")}</span>
              <input class="digits" name="digits" type="text" inputMode="numeric" autocomplete="one-time-code" required pattern={PATTERN} placeholder="000 000 000" title={t("pairing.digitsTitle")} />
            </label>
          )}
          <label class="field">
            <span>{t("pairing.deviceName")}</span>
            <input type="text" required maxLength={NAME_CHARS} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <button class="btn main" disabled={busy || !name.trim()}>{t(busy ? "pairing.asking" : "pairing.letIn")}</button>
          <Closes inS={hub.closes_in_s} />
        </form>
      )}
      <p class="small soft">
        {t("pairing.footer")}
      </p>
    </main>
  );
}

let away: { what: string; help: string } | null = null;
const PATTERN = `(\\D*\\d){${DIGITS}}\\D*`;
const COMMAND = "moodsync pair";

function Note({ what, help }: { what: string; help: string }) {
  return (
    <div class="note" role="alert">
      <strong>{what}</strong>
      {help && <span>{help}</span>}
    </div>
  );
}

function Closed() {
  return (
    <div class="card">
      <h2>{t("pairing.closedTitle")}</h2>
      <p>{t("pairing.closedText")}</p>
      <ul>
        <li>{fill("pairing.closedType", { command: <code>{COMMAND}</code> })}</li>
        <li>{t("pairing.closedAsk")}</li>
      </ul>
      <p class="small soft" role="status">{t("pairing.goesOn")}</p>
    </div>
  );
}

function Closes({ inS }: { inS: number }) {
  return <p class="small soft num">{t("pairing.openFor", { n: Math.ceil(inS) })}</p>;
}

function In({ home }: { home: string | undefined }) {
  return (
    <main class="pair">
      <img src="/icon.svg" alt="" width="64" height="64" />
      <h1>{home ?? "MoodSync"}</h1>
      <div class="card">
        <p>{t("pairing.inAlready")}</p>
        <a class="btn main" href="/">{t("pairing.goOn")}</a>
      </div>
    </main>
  );
}
