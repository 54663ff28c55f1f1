/**
 * Which charts the system metrics of a run make: one for each thing that is measured, with a line for each device.
 *
 * The names are those of the wandb client (core/pkg/monitor of 0.31; older clients send the same), behind "system/".
 */

export interface Device {
  /** "GPU 3", "/", "sent"; "" where there is one only. */
  readonly label: string;
  readonly key: string;
}

export interface SystemChart {
  readonly section: string;
  readonly title: string;
  readonly unit: string;
  readonly devices: readonly Device[];
}

interface Rule {
  readonly pattern: RegExp;
  readonly section: string;
  readonly title: string;
  readonly unit: string;
  /** The device of a name, out of what the pattern found. */
  readonly device?: (found: RegExpExecArray) => string;
}

const GPU_METRICS: readonly (readonly [string, string, string])[] = [
  ["gpu", "utilisation", "%"],
  ["memoryAllocated", "memory in use", "%"],
  ["memoryAllocatedBytes", "memory taken", "B"],
  ["powerWatts", "power", "W"],
  ["temp", "temperature", "°C"],
  ["memory", "time accessing memory", "%"],
  ["powerPercent", "power of its limit", "%"],
  ["enforcedPowerLimitWatts", "power limit", "W"],
  ["smClock", "clock of its processors", "MHz"],
  ["memoryClock", "clock of its memory", "MHz"],
  ["graphicsClock", "graphics clock", "MHz"],
  ["fanSpeed", "fan", "%"],
  ["encoderUtilization", "encoder", "%"],
  ["correctedMemoryErrors", "corrected memory errors", ""],
  ["uncorrectedMemoryErrors", "uncorrected memory errors", ""],
];

const RULES: readonly Rule[] = [
  ...GPU_METRICS.map(([name, title, unit]) => ({
    pattern: new RegExp(`^gpu\\.(\\d+)\\.${name}$`),
    section: "GPU",
    title: `GPU ${title}`,
    unit,
    device: (found: RegExpExecArray) => `GPU ${found[1]}`,
  })),
  ...GPU_METRICS.map(([name, title, unit]) => ({
    pattern: new RegExp(`^gpu\\.process\\.(\\d+)\\.${name}$`),
    section: "GPU, this process",
    title: `GPU ${title}, this process`,
    unit,
    device: (found: RegExpExecArray) => `GPU ${found[1]}`,
  })),
  rule(/^cpu$/, "CPU", "CPU of this process", "%"),
  rule(/^cpu\.(\d+)\.cpu_percent$/, "CPU", "CPU by core", "%", (found) => `core ${found[1]}`),
  rule(/^proc\.cpu\.threads$/, "CPU", "Threads of this process", ""),
  rule(/^memory(?:_percent)?$/, "Memory", "Memory of the machine in use", "%"),
  rule(/^proc\.memory\.rssMB$/, "Memory", "Memory of this process", "MB"),
  rule(/^proc\.memory\.percent$/, "Memory", "Memory of this process, of all", "%"),
  rule(/^proc\.memory\.availableMB$/, "Memory", "Memory that is free", "MB"),
  rule(/^disk$/, "Disk", "Disk in use", "%"),
  rule(/^disk\.(.+)\.usagePercent$/, "Disk", "Disk in use", "%", (found) => found[1]!),
  rule(/^disk\.(.+)\.usageGB$/, "Disk", "Disk space taken", "GB", (found) => found[1]!),
  rule(/^disk\.in$/, "Disk", "Disk traffic", "MB", () => "read"),
  rule(/^disk\.out$/, "Disk", "Disk traffic", "MB", () => "written"),
  rule(/^disk\.(.+)\.in$/, "Disk", "Disk traffic", "MB", (found) => `${found[1]} read`),
  rule(/^disk\.(.+)\.out$/, "Disk", "Disk traffic", "MB", (found) => `${found[1]} written`),
  rule(/^network\.sent$/, "Network", "Network traffic", "B", () => "sent"),
  rule(/^network\.recv$/, "Network", "Network traffic", "B", () => "received"),
  rule(/^network\.tcpRetransmits$/, "Network", "TCP segments sent again", ""),
];

function rule(
  pattern: RegExp,
  section: string,
  title: string,
  unit: string,
  device?: (found: RegExpExecArray) => string,
): Rule {
  return { pattern, section, title, unit, ...(device ? { device } : {}) };
}

/** Words for what stands before the first dot of a name that no rule knows. */
const SECTIONS: Readonly<Record<string, string>> = {
  gpu: "GPU",
  tpu: "TPU",
  trn: "Trainium",
  ipu: "IPU",
  cpu: "CPU",
  memory: "Memory",
  disk: "Disk",
  network: "Network",
  proc: "CPU",
};
const ORDER = [
  "GPU",
  "GPU, this process",
  "TPU",
  "Trainium",
  "IPU",
  "CPU",
  "Memory",
  "Disk",
  "Network",
];

const BY_NUMBER = new Intl.Collator("en", { numeric: true });

/** The charts of metrics by their keys, in sections. */
export function chartsOf(keys: readonly string[]): SystemChart[] {
  const charts = new Map<
    string,
    { chart: Omit<SystemChart, "devices">; devices: Device[]; place: number }
  >();
  for (const key of keys) {
    const { label, place, ...chart } = read(key);
    const name = `${chart.section}\0${chart.title}`;
    const known = charts.get(name);
    if (known) known.devices.push({ label, key });
    else charts.set(name, { chart, devices: [{ label, key }], place });
  }
  const rank = (section: string) => (ORDER.indexOf(section) + ORDER.length) % ORDER.length;
  const isKnown = (section: string) => ORDER.includes(section);
  return [...charts.values()]
    .sort(
      (a, b) =>
        Number(isKnown(b.chart.section)) - Number(isKnown(a.chart.section)) ||
        rank(a.chart.section) - rank(b.chart.section) ||
        BY_NUMBER.compare(a.chart.section, b.chart.section) ||
        a.place - b.place ||
        BY_NUMBER.compare(a.chart.title, b.chart.title),
    )
    .map(({ chart, devices }) => ({
      ...chart,
      devices: devices.sort((a, b) => BY_NUMBER.compare(a.label, b.label)),
    }));
}

interface Read extends Omit<SystemChart, "devices"> {
  label: string;
  /** Of the rule, so that charts stand in the order of the rules. */
  place: number;
}

function read(key: string): Read {
  // Writers of one run on several machines mark what they measure: "system/cpu/l:node-1".
  const [name, writer] = key.replace(/^system\//, "").split("/l:");
  for (const [place, { pattern, section, title, unit, device }] of RULES.entries()) {
    const found = pattern.exec(name!);
    if (!found) continue;
    const label = [writer, device?.(found)].filter(Boolean).join(" · ");
    return { section, title, unit, label, place };
  }
  const [first, ...rest] = name!.split(".");
  const number = rest.findIndex((part) => /^\d+$/.test(part));
  const section = SECTIONS[first!] ?? "Other";
  if (number < 0) return { section, title: name!, unit: "", label: writer ?? "", place: 1000 };
  const title = [first, ...rest.filter((_, i) => i !== number)].join(".");
  const label = [writer, `${first} ${rest[number]}`].filter(Boolean).join(" · ");
  return { section, title, unit: "", label, place: 1000 };
}
