import { t } from "../i18n";
import { connection, me } from "../live";
import { path } from "../route";
import { finish, progress, STEPS } from "./progress";

/** Offers the first steps to owners until they are done or put aside on this device. */
export function FirstRun() {
  const offered = progress.value !== "done" && me.value?.access.includes("admin") && connection.value === "home";
  if (!offered || path.value === "/welcome") return null;
  return (
    <div class="card row between">
      <span class="grow">{t("welcome.invite", { n: STEPS.length })}</span>
      <span class="row">
        <a class="btn main" href="/welcome">
          {t("common.start")}
        </a>
        <button class="btn" onClick={finish}>
          {t("welcome.dismiss")}
        </button>
      </span>
    </div>
  );
}
