import { describe, expect, it } from "vitest";
import type { ArtifactFile, LineageNode } from "../../data/artifacts.ts";
import { changesOf } from "./changes.ts";
import { BOX, layOutLineage } from "./lineage_layout.ts";
import { downloadCommand, usageCode } from "./usage.ts";

const file = (path: string, digest: string, size = 1): ArtifactFile => ({
  ...{ path, digest, size, sha256: null, ref: null },
});

describe("artifacts", () => {
  it("tells files that were added, removed and changed, by their digests", () => {
    const before = [file("a", "1"), file("b", "2", 5), file("gone", "3")];
    const after = [file("a", "1", 9), file("b", "4", 7), file("new", "3")];
    expect(changesOf(before, after)).toEqual({
      list: [
        { path: "b", kind: "changed", before: 5, after: 7 },
        { path: "gone", kind: "removed", before: 1, after: null },
        { path: "new", kind: "added", before: null, after: 1 },
      ],
      same: 1,
    });
  });

  it("lays a lineage out from left to right, no box on another", () => {
    const node = (id: string): LineageNode => ({
      ...{ id, kind: "artifact", label: id, entity: "e", project: "p" },
    });
    const nodes = ["a", "b", "c", "d", "e"].map(node);
    const edges: [string, string][] = [
      ["a", "b"],
      ["b", "c"],
      ["b", "d"],
      ["a", "d"],
      ["d", "e"],
      ["e", "nowhere"],
    ];
    const laid = layOutLineage({ nodes, edges, complete: true });
    const at = Object.fromEntries(laid.nodes.map((one) => [one.node.id, one]));
    for (const [from, to] of edges.slice(0, 5)) {
      expect(at[to]!.left).toBeGreaterThan(at[from]!.left + BOX.width);
    }
    expect(laid.edges).toHaveLength(5);
    for (const one of laid.nodes) {
      for (const other of laid.nodes) {
        if (one === other) continue;
        const isBeside = Math.abs(one.left - other.left) >= BOX.width;
        expect(isBeside || Math.abs(one.top - other.top) >= BOX.height).toBe(true);
      }
      expect(one.left).toBeGreaterThanOrEqual(0);
      expect(one.left + BOX.width).toBeLessThanOrEqual(laid.width);
    }
  });

  it("writes names into code and commands as they are", () => {
    const place = { entity: "e", project: 'p"q', type: "my type", name: "it's" };
    expect(usageCode(place, "v3")).toContain('wandb.init(project="p\\"q")');
    expect(downloadCommand(place, "v3")).toBe(
      `wandb artifact get 'e/p"q/it'\\''s:v3' --type 'my type'`,
    );
  });
});
