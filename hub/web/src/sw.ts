/// <reference lib="webworker" />
/** Keeps the app itself for when the hub is away, and shows what it pushes. No household's data is cached here. */

declare const self: ServiceWorkerGlobalScope;
/** Put in by the build: the hash of all files, and the addresses of those that the app is made of. */
declare const __BUILD__: string;
declare const __FILES__: string[];

const CACHE = `moodsync-app-${__BUILD__}`;
const SHELL = ["/", "/manifest.webmanifest", "/icon.svg", "/icon-192.png", ...__FILES__];
const ANSWER_LIMIT_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((n) => n !== CACHE).map((n) => caches.delete(n))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
  if (url.pathname === "/ca.crt") return;
  if (event.request.mode === "navigate") event.respondWith(page());
  else event.respondWith(asset(event.request));
});

/** The newest page while the hub answers quickly, else the kept one: every address is the same page. */
async function page(): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch("/", { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    if (fresh.ok) return fresh;
  } catch {
    // The hub is away: the kept page says so.
  }
  return (await cache.match("/", { ignoreVary: true })) ?? Response.error();
}

/** Built files carry a hash in their names, so a kept one is never old. */
async function asset(request: Request): Promise<Response> {
  const kept = await (await caches.open(CACHE)).match(request, { ignoreVary: true });
  return kept ?? fetch(request);
}

/** What the hub pushes: {title, body, url}. */
self.addEventListener("push", (event) => {
  const told = (event.data?.json() ?? {}) as { title?: string; body?: string; url?: string };
  const options = { body: told.body ?? "", icon: "/icon-192.png", badge: "/icon-192.png", data: told.url ?? "/" };
  event.waitUntil(self.registration.showNotification(told.title ?? "MoodSync", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  // Only pages of the app are opened, whatever a message says.
  const to = new URL(String(event.notification.data), location.origin);
  const url = to.origin === location.origin ? to.pathname : "/";
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((open) => {
      const first = open[0];
      return first ? first.focus().then((client) => client.navigate(url)) : self.clients.openWindow(url);
    }),
  );
});

export {};
