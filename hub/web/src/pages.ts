/** The app's pages: each is loaded when it is first opened. */

import type { ComponentType } from "preact";

export interface Page {
  title: string;
  load: () => Promise<ComponentType>;
  /** What the session must be allowed; the page is not offered to others. */
  needs?: string;
}

export const PAGES: Record<string, Page> = {
  "/": { title: "Now", load: async () => (await import("./pages/Now")).Now },
  "/history": { title: "History", load: async () => (await import("./pages/History")).History },
  "/rooms": { title: "Rooms", load: async () => (await import("./pages/Rooms")).Rooms },
  "/music": { title: "Music", load: async () => (await import("./pages/Music")).Music },
  "/privacy": { title: "Privacy", load: async () => (await import("./pages/Privacy")).Privacy },
  "/journal": { title: "Journal", load: async () => (await import("./pages/Journal")).Journal },
  "/device": { title: "This device", load: async () => (await import("./pages/ThisDevice")).ThisDevice },
};

/** Always in reach. */
export const TABS = [
  { to: "/", icon: "now" },
  { to: "/history", icon: "history" },
  { to: "/rooms", icon: "rooms" },
  { to: "/music", icon: "music" },
  { to: "/privacy", icon: "privacy" },
] as const;

/** Behind the home's name. */
export const MENU: readonly string[] = ["/journal", "/device"];
