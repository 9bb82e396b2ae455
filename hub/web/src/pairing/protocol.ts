/** What device and hub say to each other when a device is let in: docs/api.md, "Pairing". */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { x25519 } from "@noble/curves/ed25519.js";

import { b64, concat, same, unb64, utf8, type Bytes } from "../bytes";
import { open, seal } from "./hpke";
import { start } from "./spake2";

const APP = utf8("moodsync pairing v1 device");
const HUB = utf8("moodsync pairing v1 hub ");
const HUB_KEY = utf8("moodsync pairing v1 hub key ");
const TO_HUB = utf8("moodsync pairing v1 to hub");
const TO_DEVICE = utf8("moodsync pairing v1 to device ");
const PROOF_OF_HUB = utf8("moodsync pairing v1 proof of hub ");

/** Who the device now is. */
export interface LetIn {
  client: string;
  member: string;
}

/** A hub that does not prove that it knows the secret is not the one that showed it. */
export class NotTheHub extends Error {}

export interface Ticket {
  fingerprint: Bytes;
  secret: Bytes;
}

/** Read a link's fragment `1.FINGERPRINT.SECRET`; null if it is none. */
export function ticketOf(fragment: string): Ticket | null {
  const parts = /^#?1\.([\w-]{43})\.([\w-]{22})$/.exec(fragment);
  return parts ? { fingerprint: unb64(parts[1]!), secret: unb64(parts[2]!) } : null;
}

/** True when `key`, under `binding`, is the one whose fingerprint the link holds. */
export function isHub(ticket: Ticket, key: Bytes, binding: Bytes): boolean {
  return same(sha256(concat(HUB_KEY, key, binding)), ticket.fingerprint);
}

export interface SealedRequest {
  request: Bytes;
  /** Read the hub's answer; throws NotTheHub. */
  read: (answer: Bytes) => Promise<LetIn & { authority: string | null }>;
}

/** Ask by link. `reply` is for tests; else it is made anew. */
export async function askByLink(ticket: Ticket, hub: Bytes, key: Bytes, name: string, reply = x25519.utils.randomSecretKey()): Promise<SealedRequest> {
  const plain = { secret: b64(ticket.secret), key: b64(key), reply_to: b64(x25519.getPublicKey(reply)), name };
  const request = await seal(utf8(JSON.stringify(plain)), hub, TO_HUB);
  return { request, read: (answer) => readAnswer(answer, request, ticket.secret, reply) };
}

/** Open the hub's answer to `request` and check its proof. */
export async function readAnswer(answer: Bytes, request: Bytes, secret: Bytes, reply: Uint8Array): Promise<LetIn & { authority: string | null }> {
  const digest = sha256(request);
  const opened = await open(answer, reply, concat(TO_DEVICE, digest)).catch(() => null);
  if (!opened) throw new NotTheHub();
  const told = JSON.parse(new TextDecoder().decode(opened)) as LetIn & { authority: string | null; proof: string };
  if (!same(unb64(told.proof), hmac(sha256, secret, concat(PROOF_OF_HUB, digest)))) throw new NotTheHub();
  return { client: told.client, member: told.member, authority: told.authority };
}

export interface ByDigits {
  message: Bytes;
  /** The device's proof, after the hub's message; and how to check the hub's. */
  prove: (answer: Bytes, key: Bytes, name: string) => { proof: Bytes; check: (proof: Bytes) => void };
}

/** Ask by digits. `secret` is for tests. */
export function askByDigits(digits: string, binding: Bytes, secret?: bigint): ByDigits {
  const side = start(digits, APP, concat(HUB, binding), secret);
  const prove: ByDigits["prove"] = (answer, key, name) => {
    const shared = side.finish(answer);
    const said = concat(side.message, answer, key, utf8(name));
    const by = (who: string) => hmac(sha256, hkdf(sha256, shared, undefined, utf8(`moodsync pairing v1 proof of ${who}`), 32), said);
    const check = (proof: Bytes) => {
      if (!same(proof, by("hub"))) throw new NotTheHub();
    };
    return { proof: new Uint8Array(by("device")), check };
  };
  return { message: side.message, prove };
}
