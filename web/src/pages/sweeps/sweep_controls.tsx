/** Pause, resume, stop and cancel; what ends runs is asked twice. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Sweep, type SweepState, setSweepState } from "../../data/sweeps.ts";
import { notify, notifyError } from "../../state/toasts.ts";

interface ControlsProps {
  entity: string;
  project: string;
  sweep: Sweep;
  onDone: () => void;
}

interface Control {
  label: string;
  title: string;
  to: SweepState;
  said: string;
  from: readonly SweepState[];
  /** Of what nothing takes back. */
  asks?: string;
}

const CONTROLS: readonly Control[] = [
  {
    label: "Pause",
    title: "No new run; those under way go on",
    to: "PAUSED",
    said: "The sweep is paused; runs under way go on.",
    from: ["RUNNING", "PENDING"],
  },
  {
    label: "Resume",
    title: "Agents get runs again; points whose runs were deleted are done again",
    to: "RUNNING",
    said: "The sweep goes on.",
    from: ["PAUSED", "FINISHED", "CANCELED"],
  },
  {
    label: "Stop",
    title: "No new run ever; those under way end by themselves, and agents exit",
    to: "FINISHED",
    said: "The sweep has ended; runs under way go on to their end.",
    from: ["RUNNING", "PAUSED", "PENDING"],
  },
  {
    label: "Cancel",
    title: "Stop the runs under way, and agents exit",
    to: "CANCELED",
    said: "The sweep is cancelled; its runs are being stopped.",
    from: ["RUNNING", "PAUSED", "PENDING"],
    asks: "Really stop its runs?",
  },
];

export function SweepControls({ entity, project, sweep, onDone }: ControlsProps): JSX.Element {
  const [asked, setAsked] = useState<SweepState | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function change(control: Control): Promise<void> {
    if (control.asks !== undefined && asked !== control.to) return setAsked(control.to);
    setAsked(null);
    setBusy(true);
    try {
      await setSweepState(entity, project, sweep.id, control.to);
      notify(control.said);
    } catch (error) {
      notifyError(error);
    } finally {
      setBusy(false);
      onDone();
    }
  }
  return (
    <fieldset class="sweep-controls" aria-label="What to do with the sweep">
      {CONTROLS.filter(({ from }) => from.includes(sweep.state)).map((control) => (
        <button
          key={control.to}
          type="button"
          class={`chip${control.asks === undefined ? "" : " danger"}`}
          title={control.title}
          disabled={isBusy}
          onClick={() => void change(control)}
        >
          {asked === control.to ? control.asks : control.label}
        </button>
      ))}
    </fieldset>
  );
}
