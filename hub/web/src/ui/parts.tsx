import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { ApiError } from "../api";
import { t } from "../i18n";

interface Toast {
  text: string;
  action?: { label: string; run: () => void } | undefined;
}

const toast = signal<Toast | null>(null);
let toastEnds: ReturnType<typeof setTimeout> | undefined;

/** Say something for a while; what was done can be undone there. */
export function say(text: string, action?: Toast["action"]): void {
  clearTimeout(toastEnds);
  toast.value = { text, action };
  toastEnds = setTimeout(() => (toast.value = null), action ? 8000 : 4000);
}

/** Do something and say what went wrong, if it did. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (err) {
    say(err instanceof ApiError ? `${err.message} ${err.mend}`.trim() : t("common.broken"));
    return undefined;
  }
}

export function ToastPlace() {
  const now = toast.value;
  return (
    <div role="status" aria-live="polite">
      {now && (
        <div class="toast">
          <span style={{ flex: 1 }}>{now.text}</span>
          {now.action && (
            <button
              class="btn"
              onClick={() => {
                toast.value = null;
                now.action!.run();
              }}
            >
              {now.action.label}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="note" role="alert">
      <strong>{error.message}</strong>
      {error.mend && <span>{error.mend}</span>}
      {retry && (
        <div>
          <button class="btn" onClick={retry}>
            {t("common.again")}
          </button>
        </div>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="card" style={{ justifyItems: "start" }}>
      <h2>{title}</h2>
      <div class="soft">{children}</div>
    </div>
  );
}

export function Skeleton({ height }: { height: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} aria-hidden="true" />;
}

export function Weight({ label, share, told }: { label: string; share: number; told: string }) {
  const width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`;
  return (
    <div class="row" style={{ flexWrap: "nowrap" }}>
      <span class="small" style={{ width: "112px", flex: "none" }}>{label}</span>
      <span class="bar" aria-hidden="true">
        <i style={{ width }} />
      </span>
      <span class="num small soft" style={{ minWidth: "44px", textAlign: "right" }}>
        {told}
      </span>
    </div>
  );
}

interface SwitchProps {
  label: string;
  note?: string;
  on: boolean;
  disabled?: boolean;
  change: (on: boolean) => void;
}

export function Switch({ label, note, on, disabled, change }: SwitchProps) {
  return (
    <label class="row between" style={{ flexWrap: "nowrap" }}>
      <span>
        {label}
        {note && <span class="small soft" style={{ display: "block" }}>{note}</span>}
      </span>
      <input
        class="switch"
        type="checkbox"
        role="switch"
        checked={on}
        disabled={disabled ?? false}
        onChange={(event) => change(event.currentTarget.checked)}
      />
    </label>
  );
}

/** A sheet over the page; Escape and a tap outside close it. */
export function Sheet({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="inside">
        <div class="row between">
          <h2>{title}</h2>
          <button class="btn quiet" onClick={close}>
            {t("common.close")}
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
