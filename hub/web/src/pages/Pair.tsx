import { useEffect, useState } from "preact/hooks";

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
      {!window.isSecureContext && <Note what="This address is not encrypted." help="Open the https:// address that the hub shows." />}
      {unpairedWhy.value !== "new" && <Note {...WHY[unpairedWhy.value]} />}
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
          <p>{ticket ? "Let this device in, as the hub’s code says?" : "Type the nine digits that the hub shows."}</p>
          {!ticket && (
            <label class="field">
              <span>Nine digits</span>
              <input class="digits" name="digits" type="text" inputMode="numeric" autocomplete="one-time-code" required pattern={PATTERN} placeholder="000 000 000" title="nine digits" />
            </label>
          )}
          <label class="field">
            <span>What to call this device</span>
            <input type="text" required maxLength={NAME_CHARS} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <button class="btn main" disabled={busy || !name.trim()}>{busy ? "Asking the hub…" : "Let this device in"}</button>
          <Closes inS={hub.closes_in_s} />
        </form>
      )}
      <p class="small soft">
        Devices see how this home is doing; nobody’s pictures or sound. Every device can be taken out again under Settings.
      </p>
    </main>
  );
}

let away: { what: string; help: string } | null = null;
const PATTERN = `(\\D*\\d){${DIGITS}}\\D*`;
const WHY = {
  forgotten: {
    what: "The hub does not know this device any more.",
    help: "Somebody took it off the list, or the hub was set up anew. It can be let in again.",
  },
  other: {
    what: "At this address there is another hub than before.",
    help: "Its keys are not those that this device was paired with. If nobody set the hub up anew, do not go on.",
  },
};

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
      <h2>Pairing is closed</h2>
      <p>Only devices that somebody lets in can see this home. To open pairing for two minutes:</p>
      <ul>
        <li>type <code>moodsync pair</code> on the hub,</li>
        <li>or ask an owner to open it in their app.</li>
      </ul>
      <p class="small soft" role="status">This page goes on by itself once it is open.</p>
    </div>
  );
}

function Closes({ inS }: { inS: number }) {
  return <p class="small soft num">Open for {Math.ceil(inS)} s more.</p>;
}

function In({ home }: { home: string | undefined }) {
  return (
    <main class="pair">
      <img src="/icon.svg" alt="" width="64" height="64" />
      <h1>{home ?? "MoodSync"}</h1>
      <div class="card">
        <p>This device is let in already.</p>
        <a class="btn main" href="/">Go on</a>
      </div>
    </main>
  );
}
