import { useState } from "preact/hooks";

interface Props {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  /** How the number reads. */
  say: (value: number) => string;
  /** Colours along the track. */
  track?: string;
  change: (value: number) => void;
}

/** A number by sliding; it is sent when it is let go. */
export function Slide({ label, value, min, max, step = 1, say, track, change }: Props) {
  const [held, hold] = useState<number | null>(null);
  return (
    <label class="field">
      <span class="row between">
        <span>{label}</span>
        <span class="num">{say(held ?? value)}</span>
      </span>
      <input
        type="range"
        class={track ? "tinted" : ""}
        style={track ? { "--track": track } : {}}
        min={min}
        max={max}
        step={step}
        value={held ?? value}
        aria-valuetext={say(held ?? value)}
        onInput={(event) => hold(Number(event.currentTarget.value))}
        onChange={(event) => {
          hold(null);
          change(Number(event.currentTarget.value));
        }}
      />
    </label>
  );
}

export const WARM_TO_COLD = "linear-gradient(to right, #ff9a3c, #ffd9a8, #fff, #cfe0ff)";
export const HUES = "linear-gradient(to right, #f00, #ff0, #0f0, #0ff, #00f, #f0f, #f00)";
