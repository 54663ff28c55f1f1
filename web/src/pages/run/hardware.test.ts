import { describe, expect, it } from "vitest";
import { machineOf } from "./hardware.ts";
import { reproduceLines } from "./reproduce.ts";

describe("the machine of a run", () => {
  it("is said in a few lines, as the wandb client records it", () => {
    const { facts, rest, others } = machineOf({
      python: "3.11.7",
      host: "vm",
      cpu: { model: "Xeon" },
      cpu_count: 64,
      memory: { total: "1082331758592" },
      disk: { "/": { total: "270553174016", used: "55088246784" } },
      gpu: "NVIDIA H100",
      gpu_count: 2,
      gpu_nvidia: [
        { name: "NVIDIA H100", memoryTotal: "85520809984", uuid: "a" },
        { name: "NVIDIA H100", memoryTotal: "85520809984", uuid: "b" },
      ],
      cudaVersion: "12.8",
      slurm: { job_id: "7" },
    });
    expect(facts).toEqual({
      CPU: "64 × Xeon",
      Memory: "1.08 TB",
      GPU: "2 × NVIDIA H100 (85.5 GB)",
      CUDA: "12.8",
      "Disk /": "55.1 GB of 271 GB",
    });
    expect(rest).toEqual({ slurm: { job_id: "7" } });
    expect(others).toEqual({ python: "3.11.7", host: "vm" });
  });

  it("bears what is missing or odd, and keeps what it cannot read", () => {
    expect(machineOf({ cpu_count: 2 }).facts).toEqual({ CPU: "2 × CPU" });
    expect(machineOf({}).facts).toEqual({});
    const odd = machineOf({ disk: { "/": 3 }, memory: "much", gpu: null, cpu: "x" });
    expect(odd.facts).toEqual({});
    expect(odd.rest).toEqual({ disk: { "/": 3 }, memory: "much", gpu: null, cpu: "x" });
    expect(machineOf({ gpu: "A100", gpu_count: 4 }).facts).toEqual({ GPU: "4 × A100" });
  });
});

describe("lines that run it again", () => {
  it("take changes and packages from the run where it has them", () => {
    const git = { commit: "abc", branch: "", remote: "", isDirty: true };
    const lines = reproduceLines(git, "train.py", {
      patch: "http://here/files/diff.patch",
      requirements: "http://here/files/requirements.txt",
    });
    const curl = 'curl -sSfH "Authorization: Bearer $EPOCHAL_API_KEY"';
    expect(lines.split("\n")).toEqual([
      "git checkout abc",
      `${curl} http://here/files/diff.patch | git apply`,
      `${curl} http://here/files/requirements.txt > /tmp/requirements.txt`,
      "pip install -r /tmp/requirements.txt",
      "python train.py",
      "",
    ]);
  });
});
