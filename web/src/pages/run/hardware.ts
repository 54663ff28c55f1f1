/** The machine of a run in a few lines, out of the environment that it recorded. */
import { formatSize } from "../../base/sizes.ts";
import type { Json } from "../../data/wire.ts";

type Environment = Readonly<Record<string, Json>>;

/** Members of the environment that are about the machine; all others are about the program. */
const OF_MACHINE = /^(?:cpu|gpu|memory|disk|cuda|tpu|trainium|apple|slurm|colab|node_count)/i;

export interface Machine {
  /** What can be said in a line, by its name. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it says beyond that, as it was recorded. */
  readonly rest: Readonly<Record<string, Json>>;
  /** What is not about the machine. */
  readonly others: Readonly<Record<string, Json>>;
}

export function machineOf(environment: Environment): Machine {
  const said: Record<string, Json> = {};
  const others: Record<string, Json> = {};
  for (const [name, value] of Object.entries(environment)) {
    (OF_MACHINE.test(name) ? said : others)[name] = value;
  }
  const facts: Record<string, string> = {};
  const drop = (...names: string[]) => {
    for (const name of names) delete said[name];
  };

  const model = text(member(said.cpu, "model"));
  const count = said.cpu_count ?? said.cpu_count_logical;
  if (model !== "" || typeof count === "number") {
    facts.CPU = [typeof count === "number" ? `${count} ×` : "", model || "CPU"]
      .filter(Boolean)
      .join(" ");
    drop("cpu", "cpu_count", "cpu_count_logical");
  }
  const memory = bytes(member(said.memory, "total"));
  if (memory !== null) {
    facts.Memory = formatSize(memory);
    drop("memory");
  }
  const gpu = gpuOf(said);
  if (gpu !== null) {
    facts.GPU = gpu;
    drop("gpu", "gpu_count", "gpu_nvidia", "gpu_amd", "gpu_apple");
  }
  const cuda = text(said.cudaVersion ?? said.cuda_version ?? said.cuda);
  if (cuda !== "") {
    facts.CUDA = cuda;
    drop("cudaVersion", "cuda_version", "cuda");
  }
  const { disk } = said;
  if (disk !== null && typeof disk === "object" && !Array.isArray(disk)) {
    let areAllRead = true;
    for (const [mount, sizes] of Object.entries(disk)) {
      const [used, total] = [bytes(member(sizes, "used")), bytes(member(sizes, "total"))];
      if (used === null || total === null) areAllRead = false;
      else facts[`Disk ${mount}`] = `${formatSize(used)} of ${formatSize(total)}`;
    }
    if (areAllRead) drop("disk");
  }
  return { facts, rest: said, others };
}

/** "8 × NVIDIA H100 (85.5 GB)"; null where nothing is said of any. */
function gpuOf(said: Environment): string | null {
  const listed = [said.gpu_nvidia, said.gpu_amd].filter(Array.isArray).flat() as Json[];
  const names = listed.map((one) => {
    const size = bytes(member(one, "memoryTotal"));
    return `${text(member(one, "name")) || "GPU"}${size === null ? "" : ` (${formatSize(size)})`}`;
  });
  if (names.length > 0) {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].map(([name, n]) => (n === 1 ? name : `${n} × ${name}`)).join(", ");
  }
  const name = text(said.gpu) || text(member(said.gpu_apple, "name"));
  if (name === "") return null;
  const count = said.gpu_count;
  return typeof count === "number" && count > 1 ? `${count} × ${name}` : name;
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return value[name];
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Counts of bytes come as texts: they may be above what a double holds. */
function bytes(value: Json | undefined): number | null {
  const count = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof count === "number" && Number.isFinite(count) ? count : null;
}
