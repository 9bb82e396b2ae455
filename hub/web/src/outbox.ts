/** What people told while the hub was away: kept in this browser, sent once when it is back. */

import { signal } from "@preact/signals";

import { ApiError, post } from "./api";
import { t } from "./i18n";
import { drop, readAll, write } from "./keep";

export interface Waiting {
  /** Also the Idempotency-Key: sent twice, the hub does it once. */
  id: string;
  at: number;
  /** Not sent before this time, so that it can be taken back. */
  due: number;
  path: string;
  body: unknown;
  /** What it is, for people. */
  words: string;
}

/** Oldest first. */
export const waiting = signal<readonly Waiting[]>([]);
/** What the hub did not take, in words; shown until it is read. */
export const refused = signal<string | null>(null);

const MOST = 100;
const AGAIN_MS = 15_000;
const LOCK = "moodsync outbox";
let again: ReturnType<typeof setTimeout> | undefined;

/** Read what is kept from before. */
export async function openOutbox(): Promise<void> {
  waiting.value = (await readAll<Waiting>("outbox").catch(() => [])).sort((a, b) => a.at - b.at);
}

/** Send it after `delayMs`, or whenever the hub is there again. Returns how to take it back. */
export async function later(path: string, body: unknown, words: string, delayMs = 0): Promise<() => Promise<boolean>> {
  if (waiting.value.length >= MOST) {
    throw new ApiError(-1, "full", t("outbox.full"), t("outbox.fullHelp"));
  }
  const at = Date.now();
  const one: Waiting = { id: crypto.randomUUID(), at, due: at + delayMs, path, body, words };
  await write("outbox", one.id, one);
  waiting.value = [...waiting.value, one];
  if (delayMs) plan();
  else void sendWaiting();
  return () => takeBack(one.id);
}

/** Send now; kept for later when the hub does not answer. Returns its answer, or null when kept. */
export async function sendOrKeep<T>(path: string, body: unknown, words: string): Promise<T | null> {
  const id = crypto.randomUUID();
  try {
    return await post<T>(path, body, { idempotencyKey: id });
  } catch (err) {
    if (!(err instanceof ApiError && err.offline)) throw err;
    const at = Date.now();
    const one: Waiting = { id, at, due: at, path, body, words };
    if (waiting.value.length >= MOST) throw err;
    await write("outbox", id, one);
    waiting.value = [...waiting.value, one];
    return null;
  }
}

/** Send what is due. One tab at a time does it; the first that the hub does not answer ends it. */
export async function sendWaiting(): Promise<void> {
  await navigator.locks.request(LOCK, async () => {
    await openOutbox();
    for (const one of waiting.value) {
      if (one.due > Date.now()) continue;
      if (!(await sent(one))) return;
      await remove(one.id);
    }
  });
  plan();
}

/** True when it is done with: taken, or refused for good. */
async function sent(one: Waiting): Promise<boolean> {
  try {
    await post(one.path, one.body, { idempotencyKey: one.id });
  } catch (err) {
    if (!(err instanceof ApiError) || isForLater(err)) return false;
    refused.value = `${one.words}: ${err.message}`;
  }
  return true;
}

/** True for what another try may mend. */
export function isForLater(err: ApiError): boolean {
  return err.offline || err.status === 401 || err.status === 408 || err.status === 429 || err.status >= 500;
}

async function takeBack(id: string): Promise<boolean> {
  if (!waiting.value.some((one) => one.id === id)) return false;
  await remove(id);
  return true;
}

async function remove(id: string): Promise<void> {
  await drop("outbox", id);
  waiting.value = waiting.value.filter((one) => one.id !== id);
}

/** Wake up for the next that is due, and for what the hub could not take just now. */
function plan(): void {
  clearTimeout(again);
  if (!waiting.value.length) return;
  const next = Math.min(...waiting.value.map((one) => one.due)) - Date.now();
  again = setTimeout(() => void sendWaiting(), next > 0 ? next + 1 : AGAIN_MS);
}
