import { signal } from "@preact/signals";

interface InstallPrompt extends Event {
  prompt: () => Promise<{ outcome: "accepted" | "dismissed" }>;
}

/** The browser's offer to install the app; null until it makes one. */
export const offer = signal<InstallPrompt | null>(null);

/** Keep the offer for when the person asks for it: it must not come up by itself. */
export function holdOffer(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer.value = event as InstallPrompt;
  });
  addEventListener("appinstalled", () => (offer.value = null));
}

export function isInstalled(): boolean {
  return matchMedia("(display-mode: standalone)").matches;
}
