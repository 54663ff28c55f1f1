/** The languages of training scripts and their settings: what colours a file, by its name. */
import type { Language } from "./tokens.ts";

const NUMBER =
  /(?<number>(?<![\w.])(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d+)\w?)/;
const WORD = /(?<word>[\p{L}_$][\p{L}\p{N}_$]*)/u;
const QUOTED = /"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?/;
const HASH = /(?<comment>#[^\n]*)/;

function language(keywords: string, ...parts: readonly (RegExp | string)[]): Language {
  const source = parts.map((part) => (typeof part === "string" ? part : part.source)).join("|");
  return { pattern: new RegExp(source, "gu"), keywords: new Set(keywords.split(" ")) };
}

const PYTHON = language(
  "False None True and as assert async await break case class continue def del elif else except finally for from " +
    "global if import in is lambda match nonlocal not or pass raise return try while with yield",
  HASH,
  /(?<string>[rRbBfFuU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?))/,
  /(?<decorator>(?<=(?:^|\n)[ \t]*)@[\w.]+)/,
  /(?<name>(?<=\b(?:def|class)\s+)\w+)/,
  NUMBER,
  WORD,
);

const CURLY = language(
  "abstract as async auto await bool break case catch char class const constexpr continue default delete do double " +
    "else enum export extends extern false final finally float fn for from func function go goto if impl implements " +
    "import in inline instanceof int interface let long match mod move mut namespace new null nullptr of operator " +
    "override package private protected pub public return self short signed sizeof static struct super switch " +
    "template this throw true try type typedef typename typeof undefined union unsigned use using var virtual void " +
    "volatile where while yield",
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))/,
  `(?<string>${QUOTED.source}|\`(?:[^\`\\\\]|\\\\[\\s\\S])*\`?)`,
  /(?<decorator>(?<=(?:^|\n)[ \t]*)#\w+|(?<=(?:^|\n)[ \t]*)@\w+)/,
  NUMBER,
  WORD,
);

const SHELL = language(
  "case do done elif else esac export fi for function if in local return select set shift source then until while",
  /(?<comment>(?<=^|[\s;])#[^\n]*)/,
  /(?<string>"(?:[^"\\]|\\[\s\S])*"?|'[^']*'?)/,
  /(?<name>\$\{[^}\n]*\}|\$\w+|\$[@*#?$!])/,
  /(?<decorator>(?<=\s)--?[A-Za-z][\w-]*)/,
  WORD,
);

/** A number of YAML is the whole value: "2.50GHz", "3 runs" and "2024-01-02" are text. */
const YAML_NUMBER = new RegExp(
  `(?<=(?:^|\\n|[,[{]|[:-][ \\t])[ \\t]*[-+]?)${NUMBER.source}(?=[ \\t]*(?:[,\\]}\\n]|$|[ \\t]#))`,
);

const YAML = language(
  "true false null yes no on off True False Null ~",
  /(?<comment>(?<=^|\s)#[^\n]*)/,
  /(?<name>(?<=(?:^|\n)[ \t]*(?:- +)*|[{,][ \t]*)[^\s#:'"{}[\],-][^\n:#'"{}[\],]*(?=:(?:\s|$)))/,
  `(?<string>${QUOTED.source})`,
  YAML_NUMBER,
  WORD,
);

const TOML = language(
  "true false",
  /(?<comment>[#;][^\n]*)/,
  /(?<decorator>(?<=(?:^|\n)[ \t]*)\[[^\]\n]*\]+)/,
  /(?<name>(?<=(?:^|\n)[ \t]*)[\w."-]+(?=[ \t]*=))/,
  /(?<string>"""[\s\S]*?(?:"""|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'[^'\n]*'?)/,
  NUMBER,
  WORD,
);

const JSON_LIKE = language(
  "true false null NaN Infinity",
  /(?<name>"(?:[^"\\\n]|\\[\s\S])*"(?=\s*:))/,
  /(?<string>"(?:[^"\\\n]|\\[\s\S])*"?)/,
  NUMBER,
  WORD,
);

const REQUIREMENTS = language("", HASH, /(?<name>(?<=(?:^|\n)[ \t]*)[A-Za-z0-9][\w.-]*)/, NUMBER);

const BY_ENDING: Readonly<Record<string, Language>> = {
  ...each(PYTHON, "py pyi pyx"),
  ...each(
    CURLY,
    "c h cc cpp cxx hpp cu cuh java js jsx mjs cjs ts tsx go rs swift kt scala cs proto glsl metal",
  ),
  ...each(SHELL, "sh bash zsh sbatch slurm"),
  ...each(YAML, "yaml yml"),
  ...each(TOML, "toml ini cfg conf"),
  ...each(JSON_LIKE, "json jsonl ipynb"),
};

function each(one: Language, endings: string): Record<string, Language> {
  return Object.fromEntries(endings.split(" ").map((ending) => [ending, one]));
}

/** Null for a text of no language that is known. */
export function languageOf(name: string, text: string): Language | null {
  const file = name.split("/").at(-1)!.toLowerCase();
  if (/^requirements.*\.txt$/.test(file)) return REQUIREMENTS;
  if (file === "dockerfile" || file === "makefile") return SHELL;
  const known = BY_ENDING[/\.([^.]+)$/.exec(file)?.[1] ?? ""];
  if (known) return known;
  const first = text.slice(0, 80);
  if (/^#!.*python/.test(first)) return PYTHON;
  return /^#!.*sh\b/.test(first) ? SHELL : null;
}
