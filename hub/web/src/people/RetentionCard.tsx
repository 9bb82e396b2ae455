import { useState } from "preact/hooks";

import { ApiError, get, post, put } from "../api";
import { counted, number, t, word } from "../i18n";
import { me } from "../live";
import { proven } from "../settings/proof";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Sheet, Skeleton } from "../ui/parts";

interface Days {
  keep_readings_days: number;
  keep_moods_days: number;
}

interface Retention extends Days {
  etag: string;
}

const PATH = "/privacy/retention";
const READINGS = [1, 3, 7, 14, 30, 90, 365];
const MOODS = [7, 30, 90, 365, 730, 1825, 3650];

/** For how long each kind of record is kept; owners change it, and see first what goes. */
export function RetentionCard() {
  const kept = useLoad(() => get<Retention>(PATH));
  const may = me.value?.access.includes("admin") ?? false;
  return (
    <section class="card" aria-label={t("keep.title")}>
      <h2>{t("keep.title")}</h2>
      {kept.error && <Problem error={kept.error} retry={kept.again} />}
      {!kept.data && !kept.error && <Skeleton height={96} />}
      {kept.data && (
        <>
          <dl class="facts">
            <dt>{t("keep.raw")}</dt>
            <dd>{t("keep.rawValue")}</dd>
            {!may && (
              <>
                <dt>{t("keep.readings")}</dt>
                <dd>{days(kept.data.keep_readings_days)}</dd>
                <dt>{t("keep.moods")}</dt>
                <dd>{days(kept.data.keep_moods_days)}</dd>
              </>
            )}
            <dt>{t("keep.rollups")}</dt>
            <dd>{t("keep.forGood")}</dd>
          </dl>
          {may && <Form key={kept.data.etag} kept={kept.data} done={kept.again} />}
        </>
      )}
      <p class="soft small">{t("keep.daily")}</p>
    </section>
  );
}

function Form({ kept, done }: { kept: Retention; done: () => void }) {
  const [wish, setWish] = useState<Days>({ keep_readings_days: kept.keep_readings_days, keep_moods_days: kept.keep_moods_days });
  const [going, setGoing] = useState<[string, number][] | null>(null);
  const changed = wish.keep_readings_days !== kept.keep_readings_days || wish.keep_moods_days !== kept.keep_moods_days;
  const shorter = wish.keep_readings_days < kept.keep_readings_days || wish.keep_moods_days < kept.keep_moods_days;
  const save = () =>
    attempt(async () => {
      setGoing(null);
      try {
        await proven(() => put(PATH, wish, { ifMatch: kept.etag }));
        say(t("common.saved"));
      } catch (err) {
        if (!(err instanceof ApiError) || err.status !== 412) throw err;
        say(t("keep.changedMeanwhile"));
      }
      done();
    });
  const ask = () =>
    attempt(async () => {
      const { tables } = await post<{ tables: Record<string, number> }>(`${PATH}/counts`, wish);
      setGoing(Object.entries(tables).filter(([, n]) => n > 0));
    });
  const field = (label: string, key: keyof Days, steps: readonly number[]) => (
    <Field label={label}>
      <select value={wish[key]} onChange={(event) => setWish({ ...wish, [key]: Number(event.currentTarget.value) })}>
        {[...new Set([...steps, kept[key]])]
          .sort((a, b) => a - b)
          .map((n) => (
            <option key={n} value={n} selected={n === wish[key]}>
              {days(n)}
            </option>
          ))}
      </select>
    </Field>
  );
  return (
    <>
      {field(t("keep.readings"), "keep_readings_days", READINGS)}
      {field(t("keep.moods"), "keep_moods_days", MOODS)}
      {changed && (
        <div class="row">
          <button class="btn main" onClick={shorter ? ask : save}>
            {t(shorter ? "keep.look" : "common.save")}
          </button>
          <button class="btn" onClick={() => setWish(kept)}>
            {t("common.cancel")}
          </button>
        </div>
      )}
      {going && (
        <Sheet title={t("keep.shorter")} close={() => setGoing(null)}>
          <p>{t(going.length ? "rights.what" : "keep.nothingGoes")}</p>
          {going.length > 0 && (
            <>
              <ul class="list">
                {going.map(([table, n]) => (
                  <li class="row between nowrap" key={table}>
                    <span>{word("record", table === "held" ? table : `${table}s`)}</span>
                    <span class="num">{number(n)}</span>
                  </li>
                ))}
              </ul>
              <strong>{counted("rights.total", going.reduce((sum, [, n]) => sum + n, 0))}</strong>
              <p>{t("keep.noBack")}</p>
            </>
          )}
          <div class="row">
            <button class={`btn ${going.length ? "danger" : "main"}`} onClick={save}>
              {t(going.length ? "keep.deleteNow" : "common.save")}
            </button>
            <button class="btn" onClick={() => setGoing(null)}>
              {t("rights.keep")}
            </button>
          </div>
        </Sheet>
      )}
    </>
  );
}

function days(n: number): string {
  if (n >= 365 && n % 365 === 0) return counted("time.years", n / 365);
  return Number.isInteger(n) ? counted("time.days", n) : counted("time.hours", Math.round(n * 24), { n: number(n * 24) });
}
