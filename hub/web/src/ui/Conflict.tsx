import type { ComponentChildren } from "preact";

import { t } from "../i18n";

interface Props {
  /** True where the other removed it. */
  gone: boolean;
  /** What is there now. */
  theirs: ComponentChildren;
  keep: () => void;
  take: () => void;
}

/** Somebody else was faster: nothing is lost until one of the two is chosen. */
export function Conflict({ gone, theirs, keep, take }: Props) {
  return (
    <div class="note" role="alert">
      <strong>{t(gone ? "conflict.gone" : "conflict.title")}</strong>
      <span>{t("conflict.text")}</span>
      {theirs && (
        <span>
          {t("conflict.theirs")}: {theirs}
        </span>
      )}
      <div class="row">
        <button class="btn main" onClick={keep}>
          {t("conflict.keep")}
        </button>
        <button class="btn" onClick={take}>
          {t("conflict.take")}
        </button>
      </div>
    </div>
  );
}
