/** How a run was started, out of the environment that it recorded, and the lines that start it again. */
import type { Json } from "../../data/wire.ts";

type Environment = Readonly<Record<string, Json>>;

export interface Git {
  readonly commit: string;
  readonly branch: string;
  /** The address of the repository; "" when it has none. */
  readonly remote: string;
  readonly isDirty: boolean;
}

export function commandLine(environment: Environment): string | null {
  const { command } = environment;
  if (Array.isArray(command)) return command.join(" ");
  return typeof command === "string" && command !== "" ? command : null;
}

export function commitOf(environment: Environment): Git | null {
  const { git } = environment;
  if (git === null || typeof git !== "object" || Array.isArray(git)) return null;
  const { commit, branch, remote, dirty } = git;
  if (typeof commit !== "string" || commit === "") return null;
  const text = (value: Json | undefined) => (typeof value === "string" ? value : "");
  return { commit, branch: text(branch), remote: text(remote), isDirty: dirty === true };
}

/** Where files of the run are that its lines need. */
export interface Sources {
  /** What was changed since the commit, as `git apply` takes it. */
  readonly patch?: string;
  readonly requirements?: string;
}

/**
 * Lines for a shell. What was not committed is taken from the run where it has kept it; else it is not in them, and
 * they say so.
 */
export function reproduceLines(git: Git, command: string | null, sources: Sources = {}): string {
  const lines: string[] = [];
  if (git.remote !== "") {
    const folder = git.remote
      .replace(/\/+$/, "")
      .replace(/\.git$/, "")
      .split(/[/:]/)
      .at(-1)!;
    lines.push(`git clone ${quoted(git.remote)} && cd ${quoted(folder)}`);
  }
  lines.push(`git checkout ${quoted(git.commit)}`);
  if (sources.patch !== undefined) lines.push(`${fetched(sources.patch)} | git apply`);
  else if (git.isDirty) lines.push("# The run had changes that were not committed.");
  if (sources.requirements !== undefined) {
    lines.push(`${fetched(sources.requirements)} > /tmp/requirements.txt`);
    lines.push("pip install -r /tmp/requirements.txt");
  }
  if (command !== null)
    lines.push(/^[^\s'"]+\.py(\s|$)/.test(command) ? `python ${command}` : command);
  return `${lines.join("\n")}\n`;
}

function fetched(address: string): string {
  return `curl -sSfH "Authorization: Bearer $EPOCHAL_API_KEY" ${quoted(address)}`;
}

/** Text as one word of a shell: what was logged must not become a command. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
