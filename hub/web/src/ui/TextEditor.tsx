import { useRef } from "preact/hooks";

import { t } from "../i18n";

export interface TextProblem {
  line: number | null;
  key: string;
  message: string;
}

interface Props {
  label: string;
  text: string;
  problems: readonly TextProblem[];
  rows?: number;
  change: (text: string) => void;
}

/** Text with numbered lines; lines with a mistake are marked, and each mistake leads to its line. */
export function TextEditor({ label, text, problems, rows = 12, change }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  const marked = new Set(problems.map((one) => one.line));
  const lines = text.split("\n");
  const goTo = (line: number) => {
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  };
  return (
    <div class="list">
      <div class="editor">
        <pre ref={gutter} aria-hidden="true">
          {lines.map((_, index) => (
            <span key={index} class={marked.has(index + 1) ? "bad" : ""}>{index + 1}</span>
          ))}
        </pre>
        <textarea
          ref={area}
          aria-label={label}
          aria-invalid={problems.length > 0}
          rows={Math.max(rows, Math.min(lines.length + 1, 30))}
          wrap="off"
          spellcheck={false}
          autocapitalize="off"
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
          onScroll={(event) => gutter.current && (gutter.current.scrollTop = event.currentTarget.scrollTop)}
        />
      </div>
      {problems.length > 0 && (
        <div class="note" role="alert">
          <ul class="list">
            {problems.map((one, index) => (
              <li key={index}>
                {one.line !== null && (
                  <button class="btn quiet" type="button" onClick={() => goTo(one.line!)}>
                    {t("common.line", { line: one.line })}
                  </button>
                )}{" "}
                {one.key && <code>{one.key}</code>} {one.message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
