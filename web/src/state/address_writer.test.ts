import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AddressWriter } from "./address_writer.ts";

/** A browser that takes `most` changes of the address and then drops them silently. */
function browser(most = Number.POSITIVE_INFINITY) {
  const history = ["/"];
  const bar = {
    writes: 0,
    most,
    history,
    replace(href: string) {
      if (++bar.writes <= bar.most) history[history.length - 1] = href;
    },
    push(href: string) {
      if (++bar.writes <= bar.most) history.push(href);
    },
    isAt: (href: string) => history.at(-1) === href,
  };
  return bar;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const clock = () => Date.now();

describe("AddressWriter", () => {
  it("writes at once, and a long burst at a pace that browsers bear, the last one surely", () => {
    const bar = browser();
    const writer = new AddressWriter(bar, clock);
    for (let i = 0; i < 600; i++) {
      writer.write(`/?n=${i}`, false);
      if (i === 0) expect(bar.history).toEqual(["/?n=0"]);
      vi.advanceTimersByTime(16);
    }
    vi.advanceTimersByTime(1000);
    expect(bar.history).toEqual(["/?n=599"]);
    expect(bar.writes).toBeLessThanOrEqual(100);
  });

  it("writes again what the browser has dropped", () => {
    const bar = browser(0);
    const writer = new AddressWriter(bar, clock);
    writer.write("/?ylog=1", false);
    writer.write("/", false);
    expect(bar.history).toEqual(["/"]);
    writer.write("/?x=rel", false);
    bar.most = 100;
    vi.advanceTimersByTime(1000);
    expect(bar.history).toEqual(["/?x=rel"]);
  });

  it("puts what waits before a new entry, so that the back button finds it", () => {
    const bar = browser();
    const writer = new AddressWriter(bar, clock);
    for (let i = 0; i < 50; i++) writer.write(`/?n=${i}`, false);
    expect(bar.history).not.toEqual(["/?n=49"]);
    writer.write("/?full=loss", true);
    expect(bar.history).toEqual(["/?n=49", "/?full=loss"]);
  });

  it("writes nothing more to an entry that was left", () => {
    const bar = browser();
    const writer = new AddressWriter(bar, clock);
    for (let i = 0; i < 50; i++) writer.write(`/?n=${i}`, false);
    writer.cancel();
    const before = [...bar.history];
    vi.advanceTimersByTime(5000);
    expect(bar.history).toEqual(before);
  });
});
