/** The hub's API below /api/v1: every call has a limit, every error says what happened and what helps. */

import { language, t } from "./i18n";

const BASE = "/api/v1";
const LIMIT_MS = 15_000;

/** What went wrong, as the hub (problem+json, RFC 9457) or the network says it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly mend: string = "",
    /** What is wrong with what was sent, as far as the hub says where. */
    readonly errors: readonly { line: number | null; key: string; message: string }[] = [],
    /** For how long there is nothing but to wait, after too many wrong secrets. */
    readonly waitS: number = 0,
  ) {
    super(message);
  }

  /** True when the hub was not reached at all. */
  get offline(): boolean {
    return this.status === 0;
  }
}

export interface Options {
  query?: Record<string, string | number | boolean | undefined>;
  ifMatch?: string;
  limitMs?: number;
  /** A command sent again because its answer was lost carries the same key, and is done once. */
  idempotencyKey?: string;
  /** True for what must reach the hub though the page is closed meanwhile. */
  keepalive?: boolean;
  /** False for what opens a session itself. */
  renew?: boolean;
}

let renewSession: () => Promise<boolean> = () => Promise.resolve(false);
let renewing: Promise<boolean> | null = null;

/** Say how a session is opened anew when the old one has ended; true when it was. */
export function renewSessionsBy(how: () => Promise<boolean>): void {
  renewSession = how;
}

export function get<T>(path: string, options: Options = {}): Promise<T> {
  return call<T>("GET", path, undefined, options);
}

export function post<T>(path: string, body: unknown = {}, options: Options = {}): Promise<T> {
  return call<T>("POST", path, body, options);
}

export function put<T>(path: string, body: unknown, options: Options = {}): Promise<T> {
  return call<T>("PUT", path, body, options);
}

export function patch<T>(path: string, body: unknown, options: Options = {}): Promise<T> {
  return call<T>("PATCH", path, body, options);
}

export function remove<T>(path: string, options: Options = {}): Promise<T> {
  return call<T>("DELETE", path, undefined, options);
}

/** Ask for a file and hand it to the browser to keep. */
export async function download(path: string, body: unknown, name: string, limitMs = 120_000): Promise<void> {
  const answer = await request("POST", path, body, { limitMs });
  if (!answer.ok) throw errorOf(answer.status, await answer.json().catch(() => null));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Send a file as it is. */
export async function send(method: "PUT", path: string, file: Blob, limitMs: number): Promise<void> {
  const answer = await request(method, path, file, { limitMs });
  if (!answer.ok) throw errorOf(answer.status, await answer.json().catch(() => null));
}

async function call<T>(method: string, path: string, body: unknown, options: Options): Promise<T> {
  let response = await request(method, path, body, options);
  if (response.status === 401 && options.renew !== false && (await renewed())) response = await request(method, path, body, options);
  if (response.status === 204) return undefined as T;
  const data: unknown = await response.json().catch(() => null);
  if (response.ok) return data as T;
  throw errorOf(response.status, data);
}

/** One at a time, whoever asks: opening a session ends the one before. */
function renewed(): Promise<boolean> {
  renewing ??= renewSession().finally(() => (renewing = null));
  return renewing;
}

async function request(method: string, path: string, body: unknown, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language.value };
  const file = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = file ? "application/octet-stream" : "application/json";
  if (options.ifMatch) headers["If-Match"] = options.ifMatch;
  if (method === "POST") headers["Idempotency-Key"] = options.idempotencyKey ?? crypto.randomUUID();
  try {
    return await fetch(BASE + path + queryOf(options.query), {
      method,
      headers,
      credentials: "same-origin",
      keepalive: options.keepalive ?? false,
      body: body === undefined ? null : file ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(options.limitMs ?? LIMIT_MS),
    });
  } catch {
    throw new ApiError(0, "offline", t("shell.away"), t("shell.goesOn"));
  }
}

/** Read problem+json; whatever else comes gets a plain sentence. */
export function errorOf(status: number, data: unknown): ApiError {
  const problem = (data ?? {}) as Record<string, unknown>;
  const text = (key: string) => (typeof problem[key] === "string" ? (problem[key] as string) : "");
  const message = text("detail") || text("title") || t("api.status", { status });
  const errors = Array.isArray(problem.errors) ? problem.errors.map(placed) : [];
  const waitS = typeof problem.wait_s === "number" ? problem.wait_s : 0;
  return new ApiError(status, text("code") || text("type"), message, text("mend"), errors, waitS);
}

function placed(error: unknown): ApiError["errors"][number] {
  const { line, at, message } = (error ?? {}) as Record<string, unknown>;
  return { line: typeof line === "number" ? line : null, key: String(at ?? ""), message: String(message ?? "") };
}

function queryOf(query: Options["query"]): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (!given.length) return "";
  return `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}
