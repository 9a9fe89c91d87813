// What an emulated board prints for a request, from the model in the browser: the same lines, to the digit.

import { hexadecimal, settled, usualTemperature, VapoError } from "./vapo.js";

/** Time at which a board judges a sample. */
const ENERGY_TIME = 0.9;

/** What a board's request and the command leave out. */
const USUAL = settled();

/** A board's request for these settings. */
export function request(settings) {
  return told(settings, (name, value) => `${name === "grading" ? "exponent" : name}=${value}`, plain);
}

/** The command that draws the same on a computer. */
export function command(settings, model) {
  const asked = told(settings, (name, value) => `--${name} ${value}`, (_, value) => String(shortest(value)));
  return `vapo-train sample --model ${model} --count 1 ${asked} --out sample.npy`;
}

/** The settings that decide the bytes, as texts. */
function told(settings, show, decimal) {
  const { seed, steps, solver, temperature = usualTemperature(solver), class: of, ...all } = settled(settings);
  const asked = [show("seed", seed), show("solver", solver), show("steps", steps), show("temperature", decimal("temperature", temperature))];
  if (of !== undefined && of !== null) asked.push(show("class", of));
  // No other solver extrapolates.
  const names = solver === "etd2" ? ["guidance", "grading", "extrapolation"] : ["guidance", "grading"];
  for (const name of names) {
    if (shortest(all[name]) !== USUAL[name]) asked.push(show(name, decimal(name, all[name])));
  }
  return asked.join(" ");
}

/** The number of fewest digits that is the same in 32 bits. */
function shortest(value) {
  const same = Math.fround(value);
  for (let digits = 1; ; digits++) {
    const found = Number(same.toPrecision(digits));
    if (Math.fround(found) === same) return found;
  }
}

/** A number as a board reads it: no sign, no exponent, digits that 32 bits hold. */
function plain(name, value) {
  const found = shortest(value);
  const text = found > 0 && found < 1e-6 ? found.toFixed(10).replace(/0+$/, "") : String(found);
  const read = /^\d+(\.\d{1,10})?$/.test(text) && Number(text.replace(".", "")) < 2 ** 24 && Number(text) === found;
  if (read) return text;
  throw new VapoError(`a board reads ${name} of at least 0 and at most 7 digits, found ${found}: take fewer digits, or the command`);
}

/** Draws a sample, and says what a board says of it: everything but what it took. */
export function answer(model, settings) {
  const { onStep: listener } = settled(settings);
  const lines = [];
  const onStep = (moment) => {
    lines.push(`step ${hexadecimal([moment.time])} ${moment.driftChecksum.toString(16).padStart(8, "0")}`);
    listener?.(moment);
  };
  const image = model.sample({ ...settings, onStep });
  lines.push(...judged(model, image, settings?.class));
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
