import { describe, expect, it } from "vitest";
import { chartsOf } from "./metrics.ts";

describe("charts of a machine", () => {
  it("have a line for each device, in the order of their numbers", () => {
    const keys = ["cpu", ...[10, 2, 0].map((i) => `gpu.${i}.gpu`), "gpu.0.temp", "network.recv"];
    const charts = chartsOf([...keys, "network.sent"].map((key) => `system/${key}`));
    expect(
      charts.map(({ title, unit, devices }) => [title, unit, devices.map((d) => d.label)]),
    ).toEqual([
      ["GPU utilisation", "%", ["GPU 0", "GPU 2", "GPU 10"]],
      ["GPU temperature", "°C", ["GPU 0"]],
      ["CPU of this process", "%", [""]],
      ["Network traffic", "B", ["received", "sent"]],
    ]);
    expect(charts[0]!.devices[2]!.key).toBe("system/gpu.10.gpu");
  });

  it("tell disks and machines apart, and show what no rule knows", () => {
    const charts = chartsOf([
      "system/disk./data.x.usagePercent",
      "system/cpu/l:node-1",
      "system/cpu/l:node-2",
      "system/tpu.3.duty",
      "system/strange",
      "system/network.tcpRetransmits",
    ]);
    expect(
      charts.map(({ section, title, devices }) => [section, title, devices.map((d) => d.label)]),
    ).toEqual([
      ["TPU", "tpu.duty", ["tpu 3"]],
      ["CPU", "CPU of this process", ["node-1", "node-2"]],
      ["Disk", "Disk in use", ["/data.x"]],
      ["Network", "TCP segments sent again", [""]],
      ["Other", "strange", [""]],
    ]);
  });
});
