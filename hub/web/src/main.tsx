import { render } from "preact";

import { holdOffer } from "./install";
import { startLanguage } from "./i18n";
import { connection, start } from "./live";
import { followLinks, path } from "./route";
import { Shell } from "./shell";
import "./theme.css";
import { Lazy } from "./ui/lazy";

const pairing = async () => (await import("./pages/Pair")).Pair;

function App() {
  if (connection.value === "unpaired" || path.value === "/pair") return <Lazy name="pair" load={pairing} />;
  return <Shell />;
}

followLinks();
holdOffer();
void startLanguage().then(() => render(<App />, document.getElementById("app")!));
void start();
if ("serviceWorker" in navigator && import.meta.env.PROD) {
  // Without a certificate that the browser trusts there is no service worker; the app works without.
  navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}
