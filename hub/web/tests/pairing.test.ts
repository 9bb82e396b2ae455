import { describe, expect, it } from "vitest";

import vectors from "../../../tests/fixtures/pairing.json";
import { b64, concat, unb64, utf8 } from "../src/bytes";
import { open, seal } from "../src/pairing/hpke";
import { askByDigits, askByLink, isHub, NotTheHub, readAnswer, ticketOf } from "../src/pairing/protocol";
import { start } from "../src/pairing/spake2";

const { digits, link } = vectors;

/** The Python library keeps its scalar as little-endian bytes. */
const scalar = BigInt(`0x${[...digits.device_state.xy_scalar.matchAll(/../g)].reverse().join("")}`);

describe("pairing by digits", () => {
  it("says and derives what the hub's library does", () => {
    const ids = [utf8("moodsync pairing v1 device"), concat(utf8("moodsync pairing v1 hub "), unb64(digits.binding))] as const;
    const side = start(digits.digits, ...ids, scalar);
    expect(b64(side.message)).toBe(digits.x);
    expect(b64(side.finish(unb64(digits.y)))).toBe(digits.k);
  });
  it("proves itself and checks the hub's proof", () => {
    const side = askByDigits(digits.digits, unb64(digits.binding), scalar);
    expect(b64(side.message)).toBe(digits.x);
    const { proof, check } = side.prove(unb64(digits.y), unb64(digits.key), digits.name);
    expect(b64(proof)).toBe(digits.proof_of_device);
    expect(() => check(unb64(digits.proof_of_hub))).not.toThrow();
    const forged = unb64(digits.proof_of_hub);
    forged[0]! ^= 1;
    expect(() => check(forged)).toThrow(NotTheHub);
  });
  it("gives another proof for other digits, another binding, another key or another name", () => {
    const prove = (what: Partial<typeof digits>) => {
      const all = { ...digits, ...what };
      const side = askByDigits(all.digits, unb64(all.binding), scalar);
      return b64(side.prove(unb64(all.y), unb64(all.key), all.name).proof);
    };
    const others = [{ digits: "012345679" }, { binding: b64(new Uint8Array(32)) }, { key: b64(new Uint8Array(32)) }, { name: "x" }];
    const proofs = others.map(prove);
    expect(new Set([...proofs, digits.proof_of_device]).size).toBe(5);
  });
  it("refuses what is no answer of the hub: its own message, the wrong side, points of small order", () => {
    const side = start("123456789", utf8("a"), utf8("b"));
    const mirrored = concat(Uint8Array.of(0x42), side.message.slice(1));
    const small = concat(Uint8Array.of(0x42, 1), new Uint8Array(31));
    for (const answer of [mirrored, side.message, small, new Uint8Array(33), new Uint8Array(3)]) {
      expect(() => side.finish(answer)).toThrow();
    }
  });
  it("is another message each time", () => {
    const message = () => b64(start("123456789", utf8("a"), utf8("b")).message);
    expect(message()).not.toBe(message());
  });
});

describe("pairing by link", () => {
  const ticket = ticketOf(link.fragment)!;
  const info = utf8("moodsync pairing v1 to hub");

  it("reads the fragment, and nothing that only looks like one", () => {
    expect(b64(ticket.secret)).toBe(link.secret);
    expect(ticketOf(`#${link.fragment}`)).toEqual(ticket);
    for (const bad of ["", "#", `2${link.fragment.slice(1)}`, `${link.fragment}x`, link.fragment.slice(0, -1), "1.a.b"]) {
      expect(ticketOf(bad)).toBeNull();
    }
  });
  it("knows the hub by its fingerprint", () => {
    expect(isHub(ticket, unb64(link.hub_public), unb64(link.binding))).toBe(true);
    expect(isHub(ticket, unb64(link.hub_public), new Uint8Array(32))).toBe(false);
    expect(isHub(ticket, unb64(link.key), unb64(link.binding))).toBe(false);
  });
  it("opens a request as the hub's library seals it", async () => {
    const plain = JSON.parse(new TextDecoder().decode(await open(unb64(link.request), unb64(link.hub_private), info)));
    expect([plain.secret, plain.key, plain.name]).toEqual([link.secret, link.key, link.name]);
  });
  it("asks so that the hub can read it, and nobody else", async () => {
    const asked = await askByLink(ticket, unb64(link.hub_public), unb64(link.key), link.name);
    const plain = JSON.parse(new TextDecoder().decode(await open(asked.request, unb64(link.hub_private), info)));
    expect([plain.secret, plain.key, plain.name]).toEqual([link.secret, link.key, link.name]);
    await expect(open(asked.request, unb64(link.reply_private), info)).rejects.toThrow();
    await expect(open(asked.request, unb64(link.hub_private), utf8("other"))).rejects.toThrow();
  });
  it("reads the hub's answer and checks its proof", async () => {
    const read = (answer: string, secret = ticket.secret) =>
      readAnswer(unb64(answer), unb64(link.request), secret, unb64(link.reply_private));
    const told = await read(link.answer);
    expect(told.client).not.toBe("");
    await expect(read(link.answer, new Uint8Array(16))).rejects.toThrow(NotTheHub);
    await expect(read(link.request)).rejects.toThrow(NotTheHub);
  });
  it("seals the same twice differently", async () => {
    const once = async () => b64(await seal(utf8("x"), unb64(link.hub_public), info));
    expect(await once()).not.toBe(await once());
  });
});
