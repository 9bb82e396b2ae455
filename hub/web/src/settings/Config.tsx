import { useState } from "preact/hooks";

import { ApiError, get, post, put } from "../api";
import { t } from "../i18n";
import { refresh } from "../live";
import { Conflict } from "../ui/Conflict";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Skeleton } from "../ui/parts";
import { TextEditor, type TextProblem } from "../ui/TextEditor";
import { proven } from "./proof";

interface Overlay {
  yaml: string;
  etag: string;
}

const PATH = "/system/config/overlay";

/** The app's changes as text, the configuration in use, and a check for a file of one's own. */
export function Config() {
  const overlay = useLoad(() => get<Overlay>(PATH));
  const inUse = useLoad(() => get<{ settings: Record<string, unknown> }>("/system/config"));
  const undo = () =>
    attempt(async () => {
      await post("/edits/undo");
      await refresh();
      overlay.again();
      say(t("config.undone"));
    });
  return (
    <div class="panes">
      <section class="card" aria-label={t("config.overlay")}>
        <h2>{t("config.overlay")}</h2>
        <p class="soft small">{t("config.overlayNote")}</p>
        {overlay.error && <Problem error={overlay.error} retry={overlay.again} />}
        {!overlay.data && !overlay.error && <Skeleton height={240} />}
        {overlay.data && <OverlayEditor key={overlay.data.etag} overlay={overlay.data} done={overlay.again} />}
        <div>
          <button class="btn" onClick={undo}>
            {t("config.undo")}
          </button>
        </div>
      </section>
      <div class="list">
        <section class="card" aria-label={t("config.inUse")}>
          <h2>{t("config.inUse")}</h2>
          <p class="soft small">{t("config.inUseNote")}</p>
          {inUse.error && <Problem error={inUse.error} retry={inUse.again} />}
          {Object.entries(inUse.data?.settings ?? {}).map(([section, value]) => (
            <details key={section}>
              <summary>{section}</summary>
              <pre class="literal">{JSON.stringify(value, null, 2)}</pre>
            </details>
          ))}
        </section>
        <CheckFile />
      </div>
    </div>
  );
}

function OverlayEditor({ overlay, done }: { overlay: Overlay; done: () => void }) {
  const [text, setText] = useState(overlay.yaml);
  const [problems, setProblems] = useState<readonly TextProblem[]>([]);
  const [theirs, setTheirs] = useState<Overlay | null>(null);
  const save = (match: string) =>
    attempt(async () => {
      try {
        await proven(() => put<Overlay>(PATH, { yaml: text }, { ifMatch: match }));
        setProblems([]);
        await refresh();
        done();
        say(t("common.saved"));
      } catch (err) {
        if (!(err instanceof ApiError)) throw err;
        if (err.status === 412) setTheirs(await get<Overlay>(PATH));
        else if (err.errors.length) setProblems(err.errors);
        else throw err;
      }
    });
  return (
    <>
      <TextEditor label={t("config.overlay")} text={text} problems={problems} rows={16} change={setText} />
      {theirs ? (
        <Conflict gone={false} theirs={<pre class="literal">{theirs.yaml}</pre>} keep={() => save(theirs.etag)} take={done} />
      ) : (
        <div class="row">
          <button class="btn main" disabled={text === overlay.yaml} onClick={() => save(overlay.etag)}>
            {t("common.save")}
          </button>
          <button class="btn" disabled={text === overlay.yaml} onClick={() => setText(overlay.yaml)}>
            {t("common.cancel")}
          </button>
        </div>
      )}
    </>
  );
}

function CheckFile() {
  const [text, setText] = useState("");
  const [problems, setProblems] = useState<TextProblem[] | null>(null);
  const check = () =>
    attempt(async () => setProblems((await post<{ problems: TextProblem[] }>("/system/config/check", { yaml: text })).problems));
  return (
    <section class="card" aria-label={t("config.checkOwn")}>
      <h2>{t("config.checkOwn")}</h2>
      <p class="soft small">{t("config.checkNote")}</p>
      <TextEditor label={t("config.checkOwn")} text={text} problems={problems ?? []} rows={8} change={setText} />
      {problems?.length === 0 && <p role="status">{t("config.good")}</p>}
      <div>
        <button class="btn" disabled={!text.trim()} onClick={check}>
          {t("config.check")}
        </button>
      </div>
    </section>
  );
}
