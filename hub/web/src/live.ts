/** What the hub shows now, kept current over one WebSocket; the last known state stays while it is away. */

import { computed, signal } from "@preact/signals";

import { ApiError, get } from "./api";
import type { Point } from "./plane/MoodPlane";
import type { Device, Moods } from "./types";

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
const TOPICS = ["moods", "devices", "privacy", "decisions"];
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** The hub says something at least this often. */
const SILENCE_MS = 45_000;
const KEPT = "moodsync.last";

interface Message {
  topic?: string;
  type: "snapshot" | "delta" | "heartbeat" | "resync" | "error";
  seq?: number;
  data?: unknown;
}

let socket: WebSocket | null = null;
let waitMs = FIRST_WAIT_MS;
let silence: ReturnType<typeof setTimeout> | undefined;
const seen: Record<string, number> = {};
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
      get<{ items: Device[] }>("/devices"),
      get<{ items: { id: string; name: string }[] }>("/rooms"),
      get<{ items: { id: string; name: string }[] }>("/scenes"),
    ]);
    rooms.value = places.items;
    scenes.value = known.items;
    devices.value = all.items;
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
  const made = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/ws`);
  socket = made;
  made.onopen = () => {
    waitMs = FIRST_WAIT_MS;
    made.send(JSON.stringify({ type: "subscribe", topics: TOPICS, after: seen }));
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
  if (message.type === "heartbeat") return void home();
  if (message.type === "resync") return void refresh();
  if (message.topic && message.seq !== undefined) seen[message.topic] = message.seq;
  home();
  switch (message.topic) {
    case "moods":
      tookMoods({ ...(moods.value ?? { privacy: false, sensing: [], rooms: [] }), ...(message.data as Partial<Moods>) });
      break;
    case "devices":
      tookDevices(message.data as Device | Device[]);
      break;
    default:
      void refresh();
  }
}

function tookDevices(data: Device | Device[]): void {
  const news = Array.isArray(data) ? data : [data];
  const byId = new Map((devices.value ?? []).map((device) => [device.id, device]));
  for (const device of news) byId.set(device.id, device);
  devices.value = [...byId.values()];
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
  silence = setTimeout(() => on.close(), SILENCE_MS);
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
    rooms.value = kept.places.items;
    scenes.value = kept.known.items;
    devices.value = kept.all.items;
    moods.value = kept.now;
  } catch {
    sessionStorage.removeItem(KEPT);
  }
}
