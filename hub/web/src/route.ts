import { signal } from "@preact/signals";

/** The address within the app, kept in step with the browser's history. */
export const path = signal(globalThis.location?.pathname ?? "/");

/** What stood behind the # when the app was opened; a secret there is taken out of sight at once. */
export const fragment = globalThis.location?.hash ?? "";
if (fragment) history.replaceState(null, "", location.pathname);

export function go(to: string): void {
  if (to === path.value) return;
  history.pushState(null, "", to);
  path.value = location.pathname;
  window.scrollTo(0, 0);
}

/** Follow links to pages of the app without loading it anew. */
export function followLinks(): void {
  addEventListener("popstate", () => (path.value = location.pathname));
  // A link that is scanned again while the app is open.
  addEventListener("hashchange", () => location.reload());
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a[href^='/']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.hasAttribute("download")) return;
    event.preventDefault();
    go(link.getAttribute("href")!);
  });
}
