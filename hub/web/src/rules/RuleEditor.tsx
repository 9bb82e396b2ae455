import { useEffect, useState } from "preact/hooks";

import { ApiError, get, post, put, remove } from "../api";
import { t } from "../i18n";
import { devices, rooms, scenes } from "../live";
import { namesOf, type PersonName } from "../pages/Rules";
import { go } from "../route";
import { Choice, Field, Segments } from "../ui/Choice";
import { Conflict } from "../ui/Conflict";
import { attempt, Empty, say } from "../ui/parts";
import { TextEditor, type TextProblem } from "../ui/TextEditor";
import { DryRunCard } from "./DryRunCard";
import { choiceOf } from "./named";
import { OwnField } from "./OwnField";
import { DEFAULTS, idOf, nameOf, newRule, TRIGGERS, triggerOf, withTrigger, type KnownRule, type Rule } from "./rule";
import { AddCondition, Sentence } from "./Sentence";
import { tell, type Limits } from "./tell";

interface Props {
  known: KnownRule | null;
  ids: readonly string[];
  people: readonly PersonName[];
  limits: Limits;
  done: () => void;
}

interface Text {
  rule: Rule | null;
  yaml: string;
  problems: TextProblem[];
}

const RANKS = [30, 50, 70];

/** One rule, as a sentence or as YAML, with what it would have done beside it. */
export function RuleEditor({ known, ids, people, limits, done }: Props) {
  const room = rooms.value[0];
  const [rule, setRule] = useState<Rule>(() => known?.rule ?? newRule(room?.id ?? "", scenes.value[0]?.id));
  const [name, setName] = useState("");
  const [yaml, setYaml] = useState<string | null>(null);
  const [problems, setProblems] = useState<TextProblem[]>([]);
  const [etag, setEtag] = useState(known?.etag);
  const [theirs, setTheirs] = useState<KnownRule | "gone" | null>(null);
  const [tried, setTried] = useState(false);
  if (!room) return <Empty title={t("rules.none")}>{t("rules.needRoom")}</Empty>;

  const id = known?.id ?? idOf(name);
  const nameError = known ? "" : !id ? t("rules.nameMissing") : ids.includes(id) ? t("rules.nameTaken") : "";

  /** The text as a rule; null where it has mistakes, which are shown then. */
  const parsed = async (): Promise<Rule | null> => {
    if (yaml === null) return rule;
    const answer = await post<Text>("/policies/text", { yaml });
    setProblems(answer.problems);
    if (answer.rule) setRule(answer.rule);
    return answer.rule;
  };
  const show = (view: "form" | "yaml") =>
    attempt(async () => {
      if (view === "yaml") {
        setYaml((await post<Text>("/policies/text", { rule })).yaml);
      } else if (await parsed()) {
        setYaml(null);
      } else say(t("rules.yamlFix"));
    });
  const save = (match: string | undefined) =>
    attempt(async () => {
      setTried(true);
      const sent = await parsed();
      if (!sent) return say(t("rules.yamlFix"));
      if (nameError) return;
      try {
        await put(`/policies/${id}`, sent, match ? { ifMatch: match } : {});
        say(t("common.saved"));
        done();
        go("/rules");
      } catch (err) {
        if (!(err instanceof ApiError) || (err.status !== 412 && err.status !== 428)) throw err;
        setTheirs(await get<KnownRule>(`/policies/${id}`).catch(gone));
      }
    });
  const drop = () =>
    attempt(async () => {
      await remove(`/policies/${id}`, etag ? { ifMatch: etag } : {});
      const shown = nameOf(id);
      const back = () =>
        attempt(async () => {
          await put(`/policies/${id}`, known!.rule);
          done();
          say(t("common.undone", { name: shown }));
        });
      done();
      go("/rules");
      say(t("common.deleted", { name: shown }), { label: t("common.undo"), run: () => void back() });
    });

  return (
    <div class="panes">
      <section class="card">
        <div class="row between">
          <h2>{known ? nameOf(known.id) : t("rules.new")}</h2>
          <Segments
            label={t("rules.formOrYaml")}
            value={yaml === null ? "form" : "yaml"}
            options={[
              { value: "form", label: t("rules.form") },
              { value: "yaml", label: t("common.yaml") },
            ]}
            change={show}
          />
        </div>
        {!known && (
          <Field label={t("common.name")} note={id ? `${t("rules.nameHint")} ${id}` : t("rules.nameHint")} error={tried ? nameError : undefined}>
            <input type="text" maxLength={60} value={name} aria-invalid={tried && !!nameError} onInput={(event) => setName(event.currentTarget.value)} />
          </Field>
        )}
        {yaml === null ? (
          <Form rule={rule} people={people} limits={limits} change={setRule} />
        ) : (
          <>
            <p class="soft small">{t("rules.yamlHint")}</p>
            <TextEditor label={t("common.yaml")} text={yaml} problems={problems} change={setYaml} />
          </>
        )}
        {theirs && (
          <Conflict
            gone={theirs === "gone"}
            theirs={theirs === "gone" ? null : tell(theirs.rule, namesOf(people), limits)}
            keep={() => save(theirs === "gone" ? undefined : theirs.etag)}
            take={() => {
              done();
              if (theirs === "gone") return go("/rules");
              setRule(theirs.rule);
              setEtag(theirs.etag);
              setYaml(null);
              setTheirs(null);
            }}
          />
        )}
        <div class="row">
          {!theirs && (
            <button class="btn main" onClick={() => save(etag)}>
              {t("common.save")}
            </button>
          )}
          <a class="btn" href="/rules">
            {t("common.cancel")}
          </a>
          {known && (
            <button class="btn danger end" onClick={drop}>
              {t("common.delete")}
            </button>
          )}
        </div>
      </section>
      <Trial rule={rule} name={known?.id} />
    </div>
  );
}

function Form({ rule, people, limits, change }: { rule: Rule; people: readonly PersonName[]; limits: Limits; change: (rule: Rule) => void }) {
  const sensors = (devices.value ?? []).filter((device) => Object.keys(device.state.values).length);
  const triggers = TRIGGERS.filter((one) => one !== "sensor" || sensors.length > 0 || rule.when.sensor);
  const priority = rule.priority ?? DEFAULTS.priority;
  return (
    <>
      <div class="row">
        <Choice
          label={t("rules.trigger")}
          value={triggerOf(rule.when)}
          options={triggers.map((one) => ({ value: one, label: t(`rules.trigger.${one}`) }))}
          change={(trigger) => change(withTrigger(rule, trigger, sensors[0]?.id))}
        />
        <AddCondition rule={rule} change={change} />
      </div>
      <Sentence rule={rule} people={people} limits={limits} change={change} />
      {rule.when.mood && choiceOf(rule.when.mood) === "own" && <OwnField rule={rule} change={change} />}
      <div class="row">
        <span class="soft">{t("rule.priority")}</span>
        <Choice
          label={t("rule.priority")}
          value={String(priority)}
          options={[...new Set([...RANKS, priority])].map((rank) => ({ value: String(rank), label: rankWords(rank) }))}
          change={(rank) => change({ ...rule, priority: Number(rank) })}
        />
      </div>
    </>
  );
}

function rankWords(rank: number): string {
  const known: Record<number, string> = { 30: t("rule.priority.low"), 50: t("rule.priority.normal"), 70: t("rule.priority.high") };
  return known[rank] ?? t("rule.priority.own", { n: rank });
}

/** The dry run, asked anew a moment after the rule changed. */
function Trial({ rule, name }: { rule: Rule; name: string | undefined }) {
  const [asked, ask] = useState(rule);
  useEffect(() => {
    const later = setTimeout(() => ask(rule), 800);
    return () => clearTimeout(later);
  }, [rule]);
  return <DryRunCard rule={asked} name={name} />;
}

function gone(err: unknown): "gone" {
  if (err instanceof ApiError && err.status === 404) return "gone";
  throw err;
}
