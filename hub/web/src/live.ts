/** What the hub shows now, kept current over one WebSocket; the last known state stays while it is away. */

import { computed, signal } from "@preact/signals";

import { ApiError, get } from "./api";
import type { Point } from "./plane/MoodPlane";
import type { Device, Moods, RoomMood } from "./types";

export type Connection = "connecting" | "home" | "offline" | "unpaired";

export const connection = signal<Connection>("connecting");
/** When the connection was lost, in milliseconds; null while it holds. */
export const lostAt = signal<number | null>(null);
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
const KEPT = "moodsync.last";

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

/** Load what shows first, then follow it. */
export async function start(): Promise<void> {
  remember();
  addEventListener("online", () => reconnect(0));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && connection.value !== "home") reconnect(0);
  });
  await refresh();
  open();
}

/** Read everything anew. */
export async function refresh(): Promise<void> {
  try {
    const [now, all, places, known] = await Promise.all([
      get<Moods>("/moods"),
      get<{ devices: Device[] }>("/devices"),
      get<{ rooms: { id: string; name: string }[] }>("/rooms"),
      get<{ scenes: { id: string; scene: { name?: string } }[] }>("/scenes"),
    ]);
    rooms.value = places.rooms;
    scenes.value = named(known.scenes);
    devices.value = all.devices;
    tookMoods(now);
    sessionStorage.setItem(KEPT, JSON.stringify({ now, all, places, known }));
    home();
  } catch (err) {
    lost(err instanceof ApiError && err.status === 401 ? "unpaired" : "offline");
  }
}

/** Devices by room, rooms in the household's order, those in none last. */
export function roomsOf(all: readonly Device[]): { id: string | null; name: string; devices: Device[] }[] {
  const named = rooms.value.map((room) => ({ id: room.id as string | null, name: room.name, devices: all.filter((d) => d.room === room.id) }));
  const known = new Set(rooms.value.map((room) => room.id));
  const rest = all.filter((device) => !device.room || !known.has(device.room));
  return [...named.filter((room) => room.devices.length), ...(rest.length ? [{ id: null, name: "In no room", devices: rest }] : [])];
}

function open(): void {
  if (connection.value === "unpaired") return;
  socket?.close();
  const made = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/events`);
  socket = made;
  made.onopen = () => {
    waitMs = FIRST_WAIT_MS;
    made.send(JSON.stringify({ do: "subscribe", topics: TOPICS, ...(boot ? { boot, seq: seen } : {}) }));
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

/** Show the last known state at once; it is marked until the hub answers. */
function remember(): void {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!kept) return;
    rooms.value = kept.places.rooms;
    scenes.value = named(kept.known.scenes);
    devices.value = kept.all.devices;
    moods.value = kept.now;
  } catch {
    sessionStorage.removeItem(KEPT);
  }
}
