/**
 * SPAKE2 over Ed25519 as the PyPI library `spake2` speaks it, the side of the device (A). Its points
 * M and N are not RFC 9382's; both are made of a seed, so nobody knows their logarithms.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, same, utf8, type Bytes } from "../bytes";

const { Point } = ed25519;
const M = Point.fromHex("15cfd18e385952982b6a8f8c7854963b58e34388c8e6dae891db756481a02312");
const N = Point.fromHex("f04f2e7eb734b2a8f8b472eaf9c3c632576ac64aea650b496a8a20ff00e583c3");
const SIDE_A = 0x41;
const SIDE_B = 0x42;
/** 128 bits more than the group's order, so that the remainder is even. */
const WIDE_BYTES = 48;

export interface Started {
  /** What the hub is sent: 33 bytes. */
  message: Bytes;
  /** The shared key after the hub's answer; throws when that is no message of the other side. */
  finish: (answer: Bytes) => Bytes;
}

/** Begin an exchange over a password. `secret` is for tests; else it is random. */
export function start(password: string, idA: Uint8Array, idB: Uint8Array, secret: bigint = randomScalar()): Started {
  const pw = toScalar(hkdf(sha256, utf8(password), undefined, utf8("SPAKE2 pw"), WIDE_BYTES));
  const x = new Uint8Array(Point.BASE.multiply(secret).add(M.multiply(pw)).toBytes());
  const finish = (answer: Bytes): Bytes => {
    const y = answer.slice(1);
    if (answer[0] !== SIDE_B || same(y, x)) throw new Error("this is no answer of the hub");
    const theirs = Point.fromBytes(y);
    if (theirs.isSmallOrder() || !theirs.isTorsionFree()) throw new Error("this is no answer of the hub");
    const k = theirs.subtract(N.multiply(pw)).multiply(secret).toBytes();
    return new Uint8Array(sha256(concat(sha256(utf8(password)), sha256(idA), sha256(idB), x, y, k)));
  };
  return { message: concat(Uint8Array.of(SIDE_A), x), finish };
}

function randomScalar(): bigint {
  return toScalar(crypto.getRandomValues(new Uint8Array(WIDE_BYTES)));
}

function toScalar(wide: Uint8Array): bigint {
  const hex = [...wide].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return BigInt(`0x${hex}`) % Point.Fn.ORDER;
}
