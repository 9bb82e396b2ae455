/// <reference lib="webworker" />
/** Keeps the app itself for when the hub is away. Nothing of the household's data is cached here. */

declare const self: ServiceWorkerGlobalScope;

const CACHE = "moodsync-app-1";
const SHELL = ["/", "/manifest.webmanifest", "/icon.svg"];
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
  if (event.request.mode === "navigate") event.respondWith(page());
  else event.respondWith(asset(event.request));
});

/** The newest page while the hub answers quickly, else the kept one: every address is the same page. */
async function page(): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch("/", { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    if (fresh.ok) await cache.put("/", fresh.clone());
    return fresh;
  } catch {
    return (await cache.match("/")) ?? Response.error();
  }
}

/** Built files carry a hash in their names, so a kept one is never old. */
async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok && new URL(request.url).pathname.startsWith("/assets/")) await cache.put(request, fresh.clone());
  return fresh;
}

export {};
