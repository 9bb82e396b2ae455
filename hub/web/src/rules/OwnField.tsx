import { t } from "../i18n";
import type { Rule, Span } from "./rule";
import { withMood } from "./rule";

/** A field of the plane by numbers, for those whom no named one fits. */
export function OwnField({ rule, change }: { rule: Rule; change: (rule: Rule) => void }) {
  const mood = rule.when.mood ?? {};
  return (
    <div class="list">
      {(["valence", "arousal"] as const).map((axis) => (
        <Edges key={axis} label={t(`rule.label.${axis}`)} span={mood[axis] ?? [-1, 1]} change={(span) => change(withMood(rule, { [axis]: span }))} />
      ))}
    </div>
  );
}

function Edges({ label, span, change }: { label: string; span: Span; change: (span: Span) => void }) {
  const edge = (index: 0 | 1) => (
    <input
      type="range"
      min={-1}
      max={1}
      step={0.05}
      value={span[index]}
      aria-label={`${label}: ${t(index ? "rule.label.to" : "rule.label.from")}`}
      onChange={(event) => {
        const value = Number(event.currentTarget.value);
        change(index ? [Math.min(span[0], value), value] : [value, Math.max(span[1], value)]);
      }}
    />
  );
  return (
    <div class="field">
      <span>
        {label} <span class="num">{span[0].toFixed(2)} … {span[1].toFixed(2)}</span>
      </span>
      {edge(0)}
      {edge(1)}
    </div>
  );
}
