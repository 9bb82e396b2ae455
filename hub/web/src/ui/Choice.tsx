import type { ComponentChildren } from "preact";

export interface Option<T extends string> {
  value: T;
  label: string;
}

interface ChoiceProps<T extends string> {
  /** What is chosen, for screen readers. */
  label: string;
  value: T;
  options: readonly Option<T>[];
  change: (value: T) => void;
}

/** A choice that stands in a sentence. A value that is no option is shown as it is. */
export function Choice<T extends string>({ label, value, options, change }: ChoiceProps<T>) {
  const all = options.some((one) => one.value === value) ? options : [{ value, label: value }, ...options];
  return (
    <select class="choice" aria-label={label} value={value} onChange={(event) => change(event.currentTarget.value as T)}>
      {all.map((one) => (
        <option key={one.value} value={one.value} selected={one.value === value}>
          {one.label}
        </option>
      ))}
    </select>
  );
}

/** A time of day that stands in a sentence. */
export function Hour({ label, value, change }: { label: string; value: string; change: (value: string) => void }) {
  return (
    <input
      class="choice"
      type="time"
      required
      aria-label={label}
      value={value}
      onChange={(event) => event.currentTarget.value && change(event.currentTarget.value)}
    />
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  options: readonly Option<T>[];
  change: (value: T) => void;
}

/** A few views of the same thing, one of them shown. */
export function Segments<T extends string>({ label, value, options, change }: SegmentsProps<T>) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map((one) => (
        <button key={one.value} type="button" aria-pressed={one.value === value} onClick={() => change(one.value)}>
          {one.label}
        </button>
      ))}
    </div>
  );
}

interface FieldProps {
  label: string;
  note?: string | undefined;
  error?: string | undefined;
  children: ComponentChildren;
}

/** A labelled field; what is wrong with it stands below it. */
export function Field({ label, note, error, children }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {error ? <span class="wrong" role="alert">{error}</span> : note && <span>{note}</span>}
    </label>
  );
}
