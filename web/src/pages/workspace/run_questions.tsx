/** Dialogs that ask for the tags, the notes, the group or the project of runs. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getProjects } from "../../data/api.ts";
import { getValues } from "../../data/run_routes.ts";
import type { Project, Run } from "../../data/wire.ts";
import { namesOf } from "../../state/edits.ts";
import {
  addTag,
  moveRuns,
  removeTag,
  runQuestion,
  setGroup,
  writeNotes,
} from "../../state/run_actions.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Dialog } from "../../widgets/dialog.tsx";
import { Icon } from "../../widgets/icon.tsx";

/** The field that has the focus when the dialog opens. */
const FIRST = { autofocus: true };
const TITLES = { tags: "Tags", notes: "Notes", group: "Group", project: "Project" } as const;
const FORMS = { tags: TagForm, notes: NotesForm, group: GroupForm, project: ProjectForm } as const;

export function RunQuestions(): JSX.Element | null {
  const question = runQuestion.value;
  if (question === null) return null;
  const close = () => {
    runQuestion.value = null;
  };
  const { ws, kind } = question;
  // What is edited meanwhile shows at once.
  const runs = question.runs.map((run) => ws.known.value.get(run.uid) ?? run);
  const Form = FORMS[kind];
  return (
    <Dialog title={`${TITLES[kind]} of ${namesOf(runs)}`} onClose={close} class="run-question">
      <Form ws={ws} runs={runs} close={close} />
    </Dialog>
  );
}

interface FormProps {
  ws: Workspace;
  runs: readonly Run[];
  close: () => void;
}

function TagForm({ ws, runs }: FormProps): JSX.Element {
  const known = useValues(ws, "tags");
  const counts = new Map<string, number>();
  for (const run of runs) for (const tag of run.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return (
    <>
      <div class="tags">
        {[...counts].map(([tag, count]) => (
          <span class="tag" key={tag}>
            {tag}
            {count < runs.length && <small>{count}</small>}
            <button
              type="button"
              aria-label={`Remove the tag ${tag}`}
              onClick={() => removeTag(ws, runs, tag)}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        {counts.size === 0 && <span class="faint">No tags yet.</span>}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem("tag") as HTMLInputElement;
          addTag(ws, runs, field.value.trim());
          field.value = "";
        }}
      >
        <Known id="known-tags" values={known.filter((tag) => !counts.has(tag))} />
        <input
          class="inline-field"
          name="tag"
          list="known-tags"
          aria-label="New tag"
          placeholder="Add a tag"
          autocomplete="off"
          {...FIRST}
        />
        <button type="submit" class="chip">
          Add
        </button>
      </form>
    </>
  );
}

function GroupForm({ ws, runs, close }: FormProps): JSX.Element {
  const [first] = runs;
  const isSame = runs.every((run) => run.group === first?.group);
  return (
    <NameForm
      label="Group"
      known={useValues(ws, "group")}
      placeholder={isSame ? "No group" : "Several groups"}
      name={(isSame && first?.group) || ""}
      verb="Save"
      onName={(group) => {
        setGroup(ws, runs, group);
        close();
      }}
    />
  );
}

function ProjectForm({ ws, runs, close }: FormProps): JSX.Element {
  const [known, setKnown] = useState<readonly string[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const isOther = ({ entity, name }: Project) => entity === ws.entity && name !== ws.project;
    getProjects(abort.signal).then(
      (found) => setKnown(found.filter(isOther).map(({ name }) => name)),
      () => setKnown([]),
    );
    return () => abort.abort();
  }, [ws]);
  return (
    <NameForm
      label="Project"
      known={known}
      placeholder={`Now in ${ws.project}; a new name makes a project`}
      name=""
      verb="Move"
      onName={(name) => {
        if (name === "" || name === ws.project) return;
        void moveRuns(ws, runs, name);
        close();
      }}
    />
  );
}

interface NameFormProps {
  label: string;
  /** Names that are offered. */
  known: readonly string[];
  placeholder: string;
  name: string;
  /** What the button says. */
  verb: string;
  onName: (name: string) => void;
}

function NameForm({ label, known, placeholder, name, verb, onName }: NameFormProps): JSX.Element {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("name") as HTMLInputElement;
        onName(field.value.trim());
      }}
    >
      <Known id="known-names" values={known} />
      <input
        class="inline-field"
        name="name"
        list="known-names"
        aria-label={label}
        placeholder={placeholder}
        defaultValue={name}
        autocomplete="off"
        {...FIRST}
      />
      <button type="submit" class="chip">
        {verb}
      </button>
    </form>
  );
}

function NotesForm({ ws, runs, close }: FormProps): JSX.Element {
  const [first] = runs;
  const isSame = runs.every((run) => run.notes === first?.notes);
  const save = (form: HTMLFormElement) => {
    const field = form.elements.namedItem("notes") as HTMLTextAreaElement;
    writeNotes(ws, runs, field.value);
    close();
  };
  return (
    <form
      class="notes-form"
      onSubmit={(event) => {
        event.preventDefault();
        save(event.currentTarget);
      }}
    >
      <textarea
        name="notes"
        rows={6}
        aria-label="Notes"
        placeholder={isSame ? "" : "These runs have different notes; what is saved replaces them."}
        defaultValue={(isSame && first?.notes) || ""}
        {...FIRST}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            save(event.currentTarget.form!);
          }
        }}
      />
      <button type="submit" class="chip">
        Save
      </button>
    </form>
  );
}

function Known({ id, values }: { id: string; values: readonly string[] }): JSX.Element {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}

/** The texts that runs of the project have in a column. */
function useValues(ws: Workspace, column: string): readonly string[] {
  const [values, setValues] = useState<readonly string[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    getValues(ws, { column, limit: 200 }, abort.signal).then(
      (found) =>
        setValues(found.values.map(({ value }) => value).filter((one) => typeof one === "string")),
      () => setValues([]),
    );
    return () => abort.abort();
  }, [ws, column]);
  return values;
}
