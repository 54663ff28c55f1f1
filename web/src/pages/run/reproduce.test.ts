import { expect, test } from "vitest";
import { commandLine, commitOf, reproduceLines } from "./reproduce.ts";

const GIT = { commit: "abc123", branch: "main", remote: "git@host:me/model.git", dirty: true };

test("lines fetch the commit, warn of changes, and run the command", () => {
  expect(reproduceLines(commitOf({ git: GIT })!, "train.py --lr 0.1")).toBe(
    [
      "git clone git@host:me/model.git && cd model",
      "git checkout abc123",
      "# The run had changes that were not committed.",
      "python train.py --lr 0.1",
      "",
    ].join("\n"),
  );
  expect(reproduceLines(commitOf({ git: { commit: "abc123" } })!, null)).toBe(
    "git checkout abc123\n",
  );
});

test("a name that a shell would run is quoted", () => {
  const git = commitOf({ git: { commit: "x; rm -rf ~", remote: "https://h/$(date)/it's.git" } })!;
  const lines = reproduceLines(git, null).split("\n");
  expect(lines[0]).toBe("git clone 'https://h/$(date)/it'\\''s.git' && cd 'it'\\''s'");
  expect(lines[1]).toBe("git checkout 'x; rm -rf ~'");
});

test("an environment without a command or a commit has none", () => {
  expect(commandLine({})).toBeNull();
  expect(commandLine({ command: ["a.py", "--b"] })).toBe("a.py --b");
  expect(commitOf({ git: null })).toBeNull();
  expect(commitOf({ git: { branch: "main" } })).toBeNull();
});
