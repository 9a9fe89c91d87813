// This machine's answers, by `vapo-sampler/examples/answers.rs`, and the models.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const ANSWERS = path("../../../../target/debug/examples/answers");
const USUAL = { seed: 0, solver: "etd2", steps: 20, grading: 0.5, extrapolation: 1.25, guidance: 0, known: 0 };

/** Those that are not among the firmware's. `series.vapo` is of no use but as one of a series: `vapo-train --dataset series --data-dir
 *  sines.csv --preset series-tiny --steps 1`, of 2,000 values sin(i / 5). */
const MODELS = { "digits-float32": "../../../../tests/golden/digits-float32.vapo", series: "./series.vapo" };

/** The path of a model, for this machine and for the module alike. */
export const modelPath = (name) => path(MODELS[name] ?? `../../../firmware/models/${name}.vapo`);
export const modelBytes = (name) => readFileSync(modelPath(name));

/** Lines of a board's answer to each of the settings, a list each. */
export function hostAnswers(asked) {
  const lines = asked.map(({ model, ...settings }) => {
    const all = { ...USUAL, ...settings };
    const { seed, solver, steps, grading, extrapolation, temperature, guidance, known } = all;
    return [modelPath(model), seed, solver, steps, grading, extrapolation, temperature, all.class ?? "-", guidance, known].join(" ");
  });
  const printed = execFileSync(ANSWERS, { input: lines.join("\n") + "\n", encoding: "utf8", maxBuffer: 1 << 26 });
  const answers = printed.trimEnd().split("\n\n").map((answer) => answer.split("\n"));
  if (answers.length !== asked.length) throw new Error(`expected ${asked.length} answers, found ${answers.length}`);
  return answers;
}

/** What a board printed: its requests, and its lines without what they took. */
export function boardAnswers() {
  const printed = readFileSync(path("./board.txt"), "utf8");
  return printed.split("$ ").slice(1).map((answer) => {
    const [request, ...lines] = answer.trimEnd().split("\n");
    const said = lines.filter((line) => !/^(nanoseconds|stack|arena) /.test(line));
    return { request, lines: said.map((line) => (line.startsWith("step ") ? line.split(" ").slice(0, 3).join(" ") : line)) };
  });
}

/** The settings of a board's request. */
export function settingsOf(request) {
  const names = { exponent: "grading" };
  const pairs = request.split(" ").map((argument) => argument.split("="));
  const value = (name, text) => (name === "solver" ? text : name === "seed" ? BigInt(text) : Number(text));
  return { steps: 10, ...Object.fromEntries(pairs.map(([name, text]) => [names[name] ?? name, value(name, text)])) };
}
