/** Being told by the browser while the app is closed (Web Push). */

import { get, post, put } from "./api";
import { unb64 } from "./bytes";

export type Topic = "attention" | "privacy" | "test";

/** What this browser can do: some have no push, and people can have refused it for good. */
export function ability(): "can" | "refused" | "none" {
  if (!("PushManager" in window) || !("Notification" in window)) return "none";
  return Notification.permission === "denied" ? "refused" : "can";
}

export async function isTold(): Promise<boolean> {
  const worker = await navigator.serviceWorker?.getRegistration();
  return Boolean(await worker?.pushManager?.getSubscription());
}

/** Ask the person, subscribe at the browser's push service and tell the hub. False when refused. */
export async function tellMe(topics: readonly Topic[] = ["attention"]): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const { key } = await get<{ key: string }>("/push/key");
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: unb64(key) });
  const { endpoint, keys } = made.toJSON();
  try {
    await put("/push/subscriptions", { endpoint, keys, topics });
  } catch (err) {
    await made.unsubscribe();
    throw err;
  }
  return true;
}

export async function tellMeNoMore(): Promise<void> {
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.getSubscription();
  if (!made) return;
  const { endpoint } = made;
  await made.unsubscribe();
  await post("/push/subscriptions/removal", { endpoint });
}
