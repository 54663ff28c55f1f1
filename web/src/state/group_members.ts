/** Groups as charts ask for them, and the runs of them that are drawn faintly behind. */
import type { BandGroup } from "../data/band_loader.ts";
import type { RunGroup } from "./workspace.ts";

/** Faint lines in one chart; more are a haze that says nothing. */
const MOST_MEMBERS = 200;

const asked = new WeakMap<readonly RunGroup[], readonly BandGroup[]>();
const behind = new WeakMap<readonly RunGroup[], ReadonlyMap<string, RunGroup>>();

/** The groups of a question, the same array for the same groups. */
export function bandGroupsOf(groups: readonly RunGroup[]): readonly BandGroup[] {
  let found = asked.get(groups);
  if (found === undefined) {
    found = groups.map(({ id, uids }) => ({ name: id, runs: uids }));
    asked.set(groups, found);
  }
  return found;
}

/** The runs that are drawn behind the bands, with their groups: of each group as many, the newest. */
export function memberGroups(groups: readonly RunGroup[]): ReadonlyMap<string, RunGroup> {
  let found = behind.get(groups);
  if (found === undefined) {
    const share = Math.max(1, Math.floor(MOST_MEMBERS / Math.max(1, groups.length)));
    const members = new Map<string, RunGroup>();
    for (const group of groups) {
      for (const uid of group.uids.slice(0, share)) {
        if (!members.has(uid) && members.size < MOST_MEMBERS) members.set(uid, group);
      }
    }
    found = members;
    behind.set(groups, found);
  }
  return found;
}
