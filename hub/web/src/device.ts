/** This device: its key, which no script can read, and the session that it opens with it. */

import { ApiError, post, renewSessionsBy } from "./api";
import { b64, concat, unb64, utf8, type Bytes } from "./bytes";
import { forgetAll, read, write } from "./keep";

/** What is kept of a pairing. The private key can sign, and never leaves the browser. */
export interface Device {
  key: CryptoKey;
  client: string;
  member: string;
  name: string;
  home: string;
  /** SHA-256 of the hub's authority, hex; null where a public one vouches. */
  authority: string | null;
  since: number;
}

export interface NewKey {
  private: CryptoKey;
  public: Bytes;
}

const SIGNED = utf8("moodsync session v1 ");
const SELF = "self";
/** What an agent's name holds, the most telling first: Android says Linux too, Edge says Chrome. */
const SYSTEMS = { iPhone: "iPhone", iPad: "iPad", Android: "Android", Windows: "Windows", "Mac OS X": "Mac", CrOS: "Chromebook", Linux: "Linux" };
const BROWSERS = { Firefox: "Firefox", Edg: "Edge", Chrom: "Chrome", Safari: "Safari" };

/** Make a key that can sign but not be read. Throws where the browser knows no Ed25519. */
export async function newKey(): Promise<NewKey> {
  const made = (await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"])) as CryptoKeyPair;
  return { private: made.privateKey, public: new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey)) };
}

export function known(): Promise<Device | undefined> {
  return read<Device>("device", SELF).catch(() => undefined);
}

export function remember(device: Device): Promise<void> {
  return write("device", SELF, device);
}

/** End the session and forget the key, the last known state and what waits to be sent. */
export async function forget(): Promise<void> {
  await forgetAll();
}

/** What this device calls itself until somebody changes it. */
export function suggestedName(agent: string = navigator.userAgent): string {
  const first = (names: Record<string, string>) => Object.entries(names).find(([mark]) => agent.includes(mark))?.[1];
  return [first(SYSTEMS) ?? "Browser", first(BROWSERS)].filter(Boolean).join(", ");
}

/**
 * Open a session by signing a challenge. False when this device has no key, or the hub does not know
 * it (any more). Throws ApiError when the hub is not reached or asks to wait.
 */
export async function openSession(): Promise<boolean> {
  const device = await known();
  if (!device) return false;
  const { client } = device;
  const { challenge } = await post<{ challenge: string }>("/sessions/challenge", { client }, { renew: false });
  const text = concat(SIGNED, unb64(challenge), utf8(location.host));
  const signature = b64(new Uint8Array(await crypto.subtle.sign("Ed25519", device.key, text)));
  try {
    await post("/sessions", { client, challenge, signature }, { renew: false });
    return true;
  } catch (err) {
    if (err instanceof ApiError && err.status === 401) return false;
    throw err;
  }
}

renewSessionsBy(openSession);
