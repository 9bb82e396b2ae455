import { useEffect } from "preact/hooks";

import { t } from "../i18n";
import { devices, me } from "../live";
import { go } from "../route";
import { Skeleton } from "../ui/parts";
import { beginAgain, finish, goBack, goOn, progress, STEPS } from "../welcome/progress";
import { VIEWS } from "../welcome/steps";

/** The first steps: each can be skipped, and the way can be left and taken up again. */
export function Welcome() {
  useEffect(() => {
    if (progress.value === "done") beginAgain();
  }, []);
  const step = progress.value;
  if (step === "done" || !devices.value || !me.value) return <Skeleton height={320} />;
  const index = STEPS.indexOf(step);
  const View = VIEWS[step];
  const last = index === STEPS.length - 1;
  const next = () => {
    goOn(step);
    window.scrollTo(0, 0);
    if (last) go("/");
  };
  const told = step === "what" || step === "not";
  return (
    <div class="list wizard">
      <div class="row between">
        <span class="soft">{t("welcome.step", { n: index + 1, of: STEPS.length })}</span>
        <a
          class="btn quiet"
          href="/"
          onClick={() => last && finish()}
        >
          {t("welcome.later")}
        </a>
      </div>
      <progress max={STEPS.length} value={index + 1} aria-label={t("welcome.step", { n: index + 1, of: STEPS.length })} />
      <View key={step} next={next} />
      <div class="row between">
        {index > 0 ? (
          <button class="btn" onClick={() => goBack(step)}>
            {t("common.back")}
          </button>
        ) : (
          <span />
        )}
        <button class={`btn ${told || last ? "main" : ""}`} onClick={next}>
          {last ? t("welcome.end") : told ? t("welcome.understood") : t(step === "name" ? "common.skip" : "common.next")}
        </button>
      </div>
    </div>
  );
}
