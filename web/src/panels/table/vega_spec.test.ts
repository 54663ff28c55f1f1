import { describe, expect, it } from "vitest";
import { fillIn } from "./vega_spec.ts";

describe("specifications of charts", () => {
  it("gets columns and texts filled in, whatever stands in them", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what specifications have
    const text = '{"title":"${string:title}","y":{"field":"${field:y}"},"x":"${field:x}"}';
    expect(fillIn(text, { y: 'a"b' }, { title: "T\\\n" })).toEqual({
      ...{ title: "T\\\n", y: { field: 'a"b' }, x: "x" },
    });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as above
    expect(fillIn('{"t":"${string:none}"}', {}, {})).toEqual({ t: "" });
  });

  it("says what is no specification", () => {
    expect(() => fillIn("{", {}, {})).toThrow("no JSON");
    expect(() => fillIn("[]", {}, {})).toThrow("JSON object");
  });
});
