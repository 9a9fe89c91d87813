// What an emulated board prints for a request, from the model in the browser: the same lines, to the digit.

import { hexadecimal, usualTemperature } from "./vapo.js";

/** Time at which a board judges a sample. */
const ENERGY_TIME = 0.9;

/** A board's request for these settings. */
export function request(settings) {
  const { seed = 0, steps = 20, solver = "etd2", temperature = usualTemperature(solver) } = settings;
  const asked = [`seed=${seed}`, `solver=${solver}`, `steps=${steps}`, `temperature=${temperature}`];
  if (settings.class !== undefined) asked.push(`class=${settings.class}`);
  if (settings.guidance) asked.push(`guidance=${settings.guidance}`);
  return asked.join(" ");
}

/** The command that draws the same on a computer. */
export function command(settings, model) {
  const { seed = 0, steps = 20, solver = "etd2", temperature = usualTemperature(solver) } = settings;
  const asked = [`--seed ${seed}`, `--solver ${solver}`, `--steps ${steps}`, `--temperature ${temperature}`];
  if (settings.class !== undefined) asked.push(`--class ${settings.class}`);
  if (settings.guidance) asked.push(`--guidance ${settings.guidance}`);
  return `vapo-train sample --model ${model} --count 1 ${asked.join(" ")} --out sample.npy`;
}

/** Draws a sample, and says what a board says of it: everything but what it took. */
export function answer(model, settings) {
  const lines = [];
  const onStep = (moment) => {
    lines.push(`step ${hexadecimal([moment.time])} ${moment.driftChecksum.toString(16).padStart(8, "0")}`);
    settings.onStep?.(moment);
  };
  const image = model.sample({ ...settings, onStep });
  lines.push(...judged(model, image, settings.class));
  return { image, lines };
}

/** The lines on a sample itself. */
export function judged(model, image, of) {
  const lines = [`sample ${hexadecimal(image)}`];
  lines.push(`energy ${hexadecimal([model.energy(image, { time: ENERGY_TIME, class: of, noisy: true })])}`);
  const verdict = model.verdict(image);
  if (verdict) lines.push(`anomaly ${verdict.anomalous ? 1 : 0}`);
  const found = model.classify(image);
  if (found) lines.push(`class ${found.class}`);
  return lines;
}
