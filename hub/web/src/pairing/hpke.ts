/**
 * HPKE (RFC 9180), base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, no
 * associated data; the encapsulated key comes first, as in sync/pairing_qr.py.
 */
import { x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, utf8, type Bytes } from "../bytes";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const VERSION = utf8("HPKE-v1");
const KEM = concat(utf8("KEM"), Uint8Array.of(0, 0x20));
const HPKE = concat(utf8("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 2));
const NOTHING = new Uint8Array();

/** Encrypt for the holder of `to`'s private key. `sender` is for tests; else it is made anew. */
export async function seal(plain: Bytes, to: Uint8Array, info: Uint8Array, sender = x25519.utils.randomSecretKey()): Promise<Bytes> {
  const sent = x25519.getPublicKey(sender);
  const [key, iv] = schedule(shared(x25519.getSharedSecret(sender, to), sent, to), info);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await imported(key, "encrypt"), plain);
  return concat(sent, new Uint8Array(sealed));
}

/** Decrypt what was sealed to `own`; throws when it was not, or was changed. */
export async function open(sealed: Bytes, own: Uint8Array, info: Uint8Array): Promise<Bytes> {
  const sent = sealed.slice(0, KEY_BYTES);
  const [key, iv] = schedule(shared(x25519.getSharedSecret(own, sent), sent, x25519.getPublicKey(own)), info);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await imported(key, "decrypt"), sealed.slice(KEY_BYTES));
  return new Uint8Array(plain);
}

function imported(key: Bytes, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
}

/** 4.1: the shared secret of the key encapsulation. */
function shared(dh: Uint8Array, sent: Uint8Array, to: Uint8Array): Bytes {
  const prk = labeledExtract(KEM, NOTHING, "eae_prk", dh);
  return labeledExpand(KEM, prk, "shared_secret", concat(sent, to), KEY_BYTES);
}

/** 5.1: key and nonce of the first message. */
function schedule(secret: Uint8Array, info: Uint8Array): [Bytes, Bytes] {
  const context = concat(
    Uint8Array.of(0),
    labeledExtract(HPKE, NOTHING, "psk_id_hash", NOTHING),
    labeledExtract(HPKE, NOTHING, "info_hash", info),
  );
  const prk = labeledExtract(HPKE, secret, "secret", NOTHING);
  return [labeledExpand(HPKE, prk, "key", context, KEY_BYTES), labeledExpand(HPKE, prk, "base_nonce", context, NONCE_BYTES)];
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concat(VERSION, suite, utf8(label), ikm), salt);
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Bytes {
  return new Uint8Array(expand(sha256, prk, concat(Uint8Array.of(0, length), VERSION, suite, utf8(label), info), length));
}
