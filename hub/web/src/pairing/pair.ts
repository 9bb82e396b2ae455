/** Letting this browser in: the calls around the protocol, and what is kept when it worked. */

import { t } from "../i18n";
import { ApiError, get, post } from "../api";
import { b64, unb64 } from "../bytes";
import { newKey, remember, type NewKey } from "../device";
import { askByDigits, askByLink, isHub, NotTheHub, type LetIn, type Ticket } from "./protocol";

/** GET /pairing. */
export interface Hub {
  state: "closed" | "open" | "asked" | "paired";
  closes_in_s: number;
  home: string;
  binding: string;
  key: string | null;
  authority: string | null;
}

export function ask(): Promise<Hub> {
  return get<Hub>("/pairing", { renew: false });
}

/** Pair by nine digits. Throws ApiError, NotTheHub. */
export async function pairByDigits(digits: string, name: string): Promise<void> {
  const [hub, key] = [await ask(), await keyOrTell()];
  const side = askByDigits(digits, unb64(hub.binding));
  const first = await post<{ attempt: string; message: string }>("/pairing/digits", { message: b64(side.message) }, { renew: false });
  const { proof, check } = provedBy(() => side.prove(unb64(first.message), key.public, name));
  const sent = { attempt: first.attempt, key: b64(key.public), name, proof: b64(proof) };
  const second = await post<LetIn & { proof: string }>("/pairing/digits/proof", sent, { renew: false });
  check(unb64(second.proof));
  await keep(hub, key, name, second);
}

/** Pair by a link's ticket. Throws ApiError, NotTheHub. */
export async function pairByLink(ticket: Ticket, name: string): Promise<void> {
  const [hub, key] = [await ask(), await keyOrTell()];
  if (!hub.key) throw new ApiError(409, "closed", t("pairing.closedNow"));
  if (!isHub(ticket, unb64(hub.key), unb64(hub.binding))) throw new NotTheHub();
  const asked = await askByLink(ticket, unb64(hub.key), key.public, name);
  const { answer } = await post<{ answer: string }>("/pairing/scanned", { request: b64(asked.request) }, { renew: false });
  await keep(hub, key, name, await asked.read(unb64(answer)));
}

function provedBy<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new NotTheHub();
  }
}

async function keyOrTell(): Promise<NewKey> {
  try {
    return await newKey();
  } catch {
    throw new ApiError(-1, "old_browser", t("pairing.oldBrowser"), t("pairing.oldBrowserHelp"));
  }
}

async function keep(hub: Hub, key: NewKey, name: string, now: LetIn): Promise<void> {
  const { client, member } = now;
  await remember({ key: key.private, client, member, name, home: hub.home, authority: hub.authority, since: Date.now() });
}

/** What went wrong, and what helps. */
export function mend(err: unknown): { what: string; help: string } {
  if (err instanceof NotTheHub) {
    return {
      what: t("pairing.notTheHub"),
      help: t("pairing.notTheHubHelp"),
    };
  }
  if (!(err instanceof ApiError)) return { what: t("common.broken"), help: String(err) };
  switch (err.code) {
    case "closed":
      return { what: t("pairing.closedNow"), help: t("pairing.closedHelp") };
    case "wrong_digits":
      return { what: t("pairing.wrongDigits"), help: t("pairing.wrongDigitsHelp") };
    case "wrong_secret":
      return { what: t("pairing.oldLink"), help: t("pairing.oldLinkHelp") };
    case "malformed":
      return { what: t("pairing.misread"), help: t("pairing.misreadHelp") };
    case "too_many":
      return { what: t("pairing.tooMany"), help: err.mend || t("pairing.tooManyHelp") };
    default:
      return { what: err.message, help: err.offline ? t("pairing.network") : err.mend };
  }
}
