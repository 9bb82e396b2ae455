import { t } from "../i18n";
import { connection, me } from "../live";
import { path } from "../route";
import { finish, progress, STEPS } from "./progress";

/** On the first page, offers the first steps to owners until they are done or put aside on this device. */
export function FirstRun() {
  const offered = progress.value !== "done" && me.value?.access.includes("admin") && connection.value === "home";
  if (!offered || path.value !== "/") return null;
  return (
    <div class="card">
      <span>{t("welcome.invite", { n: STEPS.length })}</span>
      <div class="row">
        <a class="btn main" href="/welcome">
          {t("common.start")}
        </a>
        <button class="btn" onClick={finish}>
          {t("welcome.dismiss")}
        </button>
      </div>
    </div>
  );
}
