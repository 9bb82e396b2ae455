/** Letting this browser in: the calls around the protocol, and what is kept when it worked. */

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
  if (!hub.key) throw new ApiError(409, "closed", "Pairing is closed.");
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
    throw new ApiError(-1, "old_browser", "This browser is too old to hold a key safely.", "Chrome 137, Firefox 130 and Safari 17, or newer, can.");
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
      what: "Whoever answered is not the hub that showed this code.",
      help: "Nothing was paired. Check that you are on your home’s network and that the browser gave no warning, then open pairing anew.",
    };
  }
  if (!(err instanceof ApiError)) return { what: "Something in the app broke.", help: String(err) };
  switch (err.code) {
    case "closed":
      return { what: "Pairing is closed.", help: "It stays open for two minutes and three tries. Open it anew on the hub." };
    case "wrong_digits":
      return { what: "These were not the digits.", help: "Look again at the hub; after three tries it closes pairing." };
    case "wrong_secret":
      return { what: "This link is of another time.", help: "Scan the code that the hub shows now." };
    case "malformed":
      return { what: "The hub did not understand this device.", help: "Load this page again; app and hub may be of different versions." };
    case "too_many":
      return { what: "Too many tries or devices.", help: err.mend || "Wait a minute and try again." };
    default:
      return { what: err.message, help: err.offline ? "Is this phone on your home’s network, and is the hub on?" : err.mend };
  }
}
