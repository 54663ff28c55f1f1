/** Text that becomes a field when it is pressed; Enter or leaving saves, Escape does not. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface InlineEditProps {
  label: string;
  value: string;
  placeholder?: string;
  multiline?: boolean;
  onSave: (value: string) => void;
  class?: string;
}

export function InlineEdit(props: InlineEditProps): JSX.Element {
  const { label, value, placeholder = "", multiline = false, onSave } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const isEditing = draft !== null;

  useEffect(() => {
    if (!isEditing) return;
    field.current?.focus();
    field.current?.select();
  }, [isEditing]);

  function save(): void {
    if (draft !== null && draft !== value) onSave(draft);
    setDraft(null);
  }

  if (draft === null) {
    return (
      <button
        type="button"
        class={`inline-edit ${props.class ?? ""} ${value ? "" : "empty"}`}
        title={label}
        onClick={() => setDraft(value)}
      >
        <span class="sr">{label}: </span>
        {value || placeholder}
      </button>
    );
  }
  const shared = {
    ref: field,
    class: `inline-field ${props.class ?? ""}`,
    "aria-label": label,
    value: draft,
    onInput: (event: Event) => setDraft((event.target as HTMLInputElement).value),
    onBlur: save,
    onKeyDown: (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === "Escape") setDraft(null);
      if (event.key === "Enter" && (!multiline || event.ctrlKey || event.metaKey)) save();
    },
  };
  return multiline ? <textarea rows={4} {...shared} /> : <input {...shared} />;
}
