/** What the hub shows now, kept current over one WebSocket; the last known state stays while it is away. */

import { computed, effect, signal } from "@preact/signals";

import { ApiError, get } from "./api";
import { known } from "./device";
import { language, t } from "./i18n";
import { read, write } from "./keep";
import { openOutbox, sendWaiting } from "./outbox";
import type { Point } from "./plane/MoodPlane";
import type { Device, Me, Moods, RoomMood } from "./types";

export type Connection = "connecting" | "home" | "offline" | "unpaired";
/** Why this device is not let in: never was, is no longer, or the hub is another one. */
export type Unpaired = "new" | "forgotten" | "other";

export const connection = signal<Connection>("connecting");
/** When the connection was lost, in milliseconds; null while it holds. */
export const lostAt = signal<number | null>(null);
export const unpairedWhy = signal<Unpaired>("new");
export const homeName = signal("");
export const me = signal<Me | null>(null);
export const moods = signal<Moods | null>(null);
export const devices = signal<Device[] | null>(null);
export const rooms = signal<{ id: string; name: string }[]>([]);
export const scenes = signal<{ id: string; name: string }[]>([]);
/** The last half hour of each room's mood, oldest first. */
export const trails = signal<Record<string, Point[]>>({});
export const stale = computed(() => connection.value !== "home");

const TRAIL_MS = 30 * 60_000;
const TRAIL_EVERY_MS = 10_000;
const TOPICS = ["moods", "senses", "devices"];
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Browsers do not show pings, so a hub that says nothing is asked after this long. */
const SILENCE_MS = 45_000;
const KEEP_EVERY_MS = 15_000;
const KEPT = "state";

/** What is shown at once when the app opens, also with the hub off. */
interface Kept {
  at: number;
  homeName: string;
  me: Me | null;
  moods: Moods | null;
  devices: Device[] | null;
  rooms: { id: string; name: string }[];
  scenes: { id: string; name: string }[];
  trails: Record<string, Point[]>;
}

/** docs/api.md, "Live updates". */
interface Message {
  type: "snapshot" | "delta";
  topic: string;
  boot?: string;
  seq: number;
  data: unknown;
}

let socket: WebSocket | null = null;
let waitMs = FIRST_WAIT_MS;
let silence: ReturnType<typeof setTimeout> | undefined;
let boot: string | undefined;
let seen = 0;
const trailAt: Record<string, number> = {};

type Hearing = (data: unknown, whole: boolean) => void;
const followed = new Map<string, Set<Hearing>>();

/** Follow another topic while a page shows it: `hear` is given what there is, then what is new. Returns how to stop. */
export function follow(topic: string, hear: Hearing): () => void {
  const all = followed.get(topic) ?? new Set();
  followed.set(topic, all.add(hear));
  subscribe();
  return () => {
    all.delete(hear);
    if (!all.size) followed.delete(topic);
    subscribe();
  };
}

/** Ask for what is wanted now: without a place to go on from, new topics begin with all there is. */
function subscribe(since: { boot?: string; seq?: number } = {}): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  // What the hub says comes in the language that is spoken here.
  const topics = [...TOPICS, ...("seq" in since ? [] : followed.keys())];
  socket.send(JSON.stringify({ do: "subscribe", topics, language: language.value, ...since }));
}

/** Load what shows first, then follow it. */
export async function start(): Promise<void> {
  await Promise.all([recall(), openOutbox()]);
  addEventListener("online", () => reconnect(0));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void keep();
    else if (connection.value !== "home") reconnect(0);
  });
  effect(() => {
    if (connection.value === "home") void sendWaiting();
  });
  language.subscribe(() => subscribe());
  setInterval(() => connection.value === "home" && void keep(), KEEP_EVERY_MS);
  await begin();
}

/** Go on from here as a device that is let in, or find out that this one is not. */
export async function begin(): Promise<void> {
  connection.value = "connecting";
  await refresh();
  open();
}

/** Read everything anew. */
export async function refresh(): Promise<void> {
  try {
    // Whoever is not let in is told so by one request, not by five.
    me.value = await get<Me>("/sessions/current");
    const [now, all, places, known, status] = await Promise.all([
      get<Moods>("/moods"),
      get<{ devices: Device[] }>("/devices"),
      get<{ rooms: { id: string; name: string }[] }>("/rooms"),
      get<{ scenes: { id: string; scene: { name?: string } }[] }>("/scenes"),
      get<{ home: string }>("/status"),
    ]);
    homeName.value = status.home;
    rooms.value = places.rooms;
    scenes.value = named(known.scenes);
    devices.value = all.devices;
    tookMoods(now);
    home();
    void keep();
  } catch (err) {
    if (err instanceof ApiError && err.status === 401) await shutOut();
    else lost("offline");
  }
}

/** Find out why this device is not let in. */
async function shutOut(): Promise<void> {
  const device = await known();
  const hub = device && (await get<{ authority: string | null }>("/pairing").catch(() => null));
  unpairedWhy.value = !device ? "new" : hub && hub.authority !== device.authority ? "other" : "forgotten";
  lost("unpaired");
}

/** Devices by room, rooms in the household's order, those in none last. */
export function roomsOf(all: readonly Device[]): { id: string | null; name: string; devices: Device[] }[] {
  const named = rooms.value.map((room) => ({ id: room.id as string | null, name: room.name, devices: all.filter((d) => d.room === room.id) }));
  const known = new Set(rooms.value.map((room) => room.id));
  const rest = all.filter((device) => !device.room || !known.has(device.room));
  return [...named.filter((room) => room.devices.length), ...(rest.length ? [{ id: null, name: t("rooms.nowhere"), devices: rest }] : [])];
}

function open(): void {
  if (connection.value === "unpaired") return;
  socket?.close();
  const made = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/events`);
  socket = made;
  made.onopen = () => {
    waitMs = FIRST_WAIT_MS;
    subscribe(boot ? { boot, seq: seen } : {});
    if (boot && followed.size) subscribe();
    listen(made);
  };
  made.onmessage = (event) => {
    listen(made);
    take(JSON.parse(String(event.data)) as Message);
  };
  made.onclose = () => {
    if (socket === made) reconnect();
  };
}

function take(message: Message): void {
  boot = message.boot ?? boot;
  seen = message.seq;
  home();
  const whole = message.type === "snapshot";
  for (const hear of followed.get(message.topic) ?? []) hear(message.data, whole);
  const before = moods.value ?? { privacy: false, sensing: [], rooms: [] };
  switch (message.topic) {
    case "moods":
      tookMoods(whole ? { ...before, ...(message.data as Partial<Moods>) } : withRoom(before, message.data as RoomMood));
      break;
    case "senses": {
      const told = message.data as { privacy: boolean; senses: Moods["sensing"] };
      moods.value = { ...before, privacy: told.privacy, sensing: told.senses };
      break;
    }
    case "devices":
      devices.value = whole
        ? (message.data as { devices: Device[] }).devices
        : withDevice(devices.value ?? [], message.data as Device | { gone: string });
      break;
  }
}

/** Put a room's news in the place of what was known of it. */
export function withRoom(before: Moods, news: RoomMood): Moods {
  const known = before.rooms.some((room) => room.room === news.room);
  const rooms = known ? before.rooms.map((room) => (room.room === news.room ? news : room)) : [...before.rooms, news];
  return { ...before, rooms };
}

/** Put a device's news in the place of what was known of it, or take it out. */
export function withDevice(before: readonly Device[], news: Device | { gone: string }): Device[] {
  if ("gone" in news) return before.filter((device) => device.id !== news.gone);
  const known = before.some((device) => device.id === news.id);
  return known ? before.map((device) => (device.id === news.id ? news : device)) : [...before, news];
}

function named(all: { id: string; scene: { name?: string } }[]): { id: string; name: string }[] {
  return all.map(({ id, scene }) => ({ id, name: scene.name || id }));
}

/** Take the moods over and lengthen each trail, a point every ten seconds. */
export function tookMoods(now: Moods, at: number = Date.now()): void {
  moods.value = now;
  const next = { ...trails.value };
  for (const { room, mood } of now.rooms) {
    if (!mood || at - (trailAt[room] ?? 0) < TRAIL_EVERY_MS) continue;
    trailAt[room] = at;
    next[room] = [...(next[room] ?? []), mood].slice(-TRAIL_MS / TRAIL_EVERY_MS);
  }
  trails.value = next;
}

function home(): void {
  connection.value = "home";
  lostAt.value = null;
}

function lost(how: Connection): void {
  if (lostAt.value === null) lostAt.value = Date.now();
  connection.value = how;
}

function listen(on: WebSocket): void {
  clearTimeout(silence);
  silence = setTimeout(() => void refresh().then(() => (connection.value === "home" ? listen(on) : on.close())), SILENCE_MS);
}

function reconnect(inMs: number = waitMs * (0.5 + Math.random() / 2)): void {
  if (connection.value === "unpaired") return;
  if (connection.value === "home") lost("offline");
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  clearTimeout(silence);
  silence = setTimeout(() => void refresh().then(open), inMs);
}

async function keep(): Promise<void> {
  const kept: Kept = {
    at: Date.now(),
    homeName: homeName.value,
    me: me.value,
    moods: moods.value,
    devices: devices.value,
    rooms: rooms.value,
    scenes: scenes.value,
    trails: trails.value,
  };
  // A browser that keeps nothing shows nothing while the hub is away; all else works.
  await write("last", KEPT, kept).catch(() => undefined);
}

/** Show the last known state at once; it is marked until the hub answers. */
async function recall(): Promise<void> {
  const kept = await read<Kept>("last", KEPT).catch(() => undefined);
  if (!kept) return;
  homeName.value = kept.homeName;
  me.value = kept.me;
  rooms.value = kept.rooms;
  scenes.value = kept.scenes;
  devices.value = kept.devices;
  moods.value = kept.moods;
  trails.value = Object.fromEntries(Object.entries(kept.trails).map(([room, trail]) => [room, Date.now() - kept.at < TRAIL_MS ? trail : []]));
  lostAt.value = kept.at;
}
