import { render } from "preact";

import { connection, start } from "./live";
import { History } from "./pages/History";
import { Journal } from "./pages/Journal";
import { Music } from "./pages/Music";
import { Now } from "./pages/Now";
import { Privacy } from "./pages/Privacy";
import { Rooms } from "./pages/Rooms";
import { Unpaired } from "./pages/Unpaired";
import { followLinks } from "./route";
import { Shell, type Page } from "./shell";
import "./theme.css";

const PAGES: Record<string, Page> = {
  "/": { title: "Now", view: Now },
  "/history": { title: "History", view: History },
  "/rooms": { title: "Rooms", view: Rooms },
  "/music": { title: "Music", view: Music },
  "/privacy": { title: "Privacy", view: Privacy },
  "/journal": { title: "Journal", view: Journal },
};

function App() {
  if (connection.value === "unpaired") return <Unpaired />;
  return <Shell pages={PAGES} />;
}

followLinks();
render(<App />, document.getElementById("app")!);
void start();
if ("serviceWorker" in navigator && import.meta.env.PROD) {
  // Without a certificate that the browser trusts there is no service worker; the app works without.
  navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}
