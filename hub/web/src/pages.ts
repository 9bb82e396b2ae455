/** The app's pages: each is loaded when it is first opened. */

import type { ComponentType } from "preact";

import type { Key } from "./i18n";

export interface Page {
  title: Key;
  load: () => Promise<ComponentType>;
  /** What the session must be allowed; the page is not offered to others. */
  needs?: string;
}

export const PAGES: Record<string, Page> = {
  "/": { title: "page.now", load: async () => (await import("./pages/Now")).Now },
  "/history": { title: "page.history", load: async () => (await import("./pages/History")).History },
  "/rooms": { title: "page.rooms", load: async () => (await import("./pages/Rooms")).Rooms },
  "/music": { title: "page.music", load: async () => (await import("./pages/Music")).Music },
  "/privacy": { title: "page.privacy", load: async () => (await import("./pages/People")).People },
  "/journal": { title: "page.journal", load: async () => (await import("./pages/Journal")).Journal },
  "/device": { title: "page.device", load: async () => (await import("./pages/ThisDevice")).ThisDevice },
  "/settings": { title: "page.settings", load: async () => (await import("./pages/Settings")).Settings },
  "/welcome": { title: "page.welcome", load: async () => (await import("./pages/Welcome")).Welcome, needs: "arrange" },
  "/scenes": { title: "page.scenes", load: async () => (await import("./pages/Scenes")).Scenes, needs: "arrange" },
  "/devices": { title: "page.devices", load: async () => (await import("./pages/Devices")).Devices, needs: "arrange" },
  "/rules": { title: "page.rules", load: async () => (await import("./pages/Rules")).Rules, needs: "arrange" },
};

/** The page at an address, by its own address; what lies below it is the page's own matter. */
export function pageAt(path: string): { at: string; page: Page } | null {
  for (const at of [path, `/${path.split("/")[1]}`]) {
    const page = PAGES[at];
    if (page) return { at, page };
  }
  return null;
}

/** Always in reach. */
export const TABS = [
  { to: "/", icon: "now" },
  { to: "/history", icon: "history" },
  { to: "/rooms", icon: "rooms" },
  { to: "/music", icon: "music" },
  { to: "/privacy", icon: "privacy" },
] as const;

/** Behind the home's name. */
export const MENU: readonly string[] = ["/rules", "/scenes", "/devices", "/settings", "/journal", "/device"];
