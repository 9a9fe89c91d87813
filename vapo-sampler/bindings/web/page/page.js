// The page: controls on one side, the worker on the other.

import { command, request } from "../answer.js";
import { drawing } from "./drawing.js";
import { show } from "./pictures.js";
import { ask, latest } from "./sampler.js";
import { usualTemperature } from "../vapo.js";

const find = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en");
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

/** Milliseconds that a step is shown for. */
const PAUSE = 90;

/** Pixels of all of the model's own samples: fewer of larger images. */
const OWN_PIXELS = 16_384;

/** The model of the boards' program. */
const BUILT_IN = "digits.vapo";

/** The model that is open: its name, what it is of, energies of its own samples. */
let model;
let image;
let drawn = 0;
/** Seed of the completion. */
let way = 0n;

const draws = drawing(find("drawing"), () => complete(), (said) => (find("cell").textContent = said));

// Settings.

function fill(classes) {
  find("classes").hidden = classes === 0;
  const choices = [["", "any"], ...Array.from({ length: classes }, (_, index) => [String(index), String(index)])];
  const first = classes > 3 ? "3" : "";
  find("class-list").replaceChildren(
    ...choices.map(([value, text]) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "class", value });
      input.checked = value === first;
      label.append(input, Object.assign(document.createElement("span"), { textContent: text }));
      return label;
    }),
  );
}

/** The settings, or none where the seed is no number; then the page says so. */
function settings() {
  const text = find("seed").value.trim();
  const right = /^\d{1,20}$/.test(text) && BigInt(text) < 1n << 64n;
  const error = find("seed-error");
  error.hidden = right;
  error.textContent = right ? "" : `Expected a whole number from 0 to 18446744073709551615, found “${text.slice(0, 40)}”.`;
  find("seed").setAttribute("aria-invalid", String(!right));
  if (!right) return undefined;
  const of = find("class-list").querySelector("input:checked")?.value;
  return {
    seed: BigInt(text),
    steps: Number(find("steps").value),
    solver: find("solver").value,
    temperature: Number(find("temperature").value),
    class: of ? Number(of) : undefined,
  };
}

function echo() {
  find("steps-value").textContent = find("steps").value;
  find("temperature-value").textContent = find("temperature").value;
}

// Drawing.

const draw = latest(async () => {
  const asked = settings();
  if (!asked || !model) return;
  const of = model;
  const turn = ++drawn;
  const steps = [];
  const { image: found, ...bytes } = await ask("sample", { settings: asked }, (step) => steps.push(step)).catch((error) => {
    if (of === model) fail(error);
    return {};
  });
  if (!found || of !== model || turn !== drawn) return;
  image = found;
  tellBytes(asked, bytes);
  const frames = steps.map(({ x, predicted, index, time }) => frame([x, predicted], `step ${index + 1}, time ${time.toFixed(2)}`));
  find("way").replaceChildren(...frames, frame([found], "the end"));
  const finished = caption(asked);
  if (!quiet.matches) {
    for (const step of steps) {
      show(find("image"), step.x, of.info);
      find("caption").textContent = `Step ${step.index + 1} of ${steps.length}`;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      if (of !== model) return;
    }
  }
  show(find("image"), found, of.info);
  find("image").setAttribute("aria-label", finished);
  find("caption").textContent = finished;
  complete();
});

function caption({ class: of, seed, steps }) {
  const counted = `seed ${seed}, ${steps} ${steps === 1 ? "step" : "steps"}`;
  if (model.info.classes === 0) return `An image, ${counted}`;
  return `${of === undefined ? "Any class" : `Class ${of}`}, ${counted}`;
}

/** A frame of the strip: the sample so far, and what is predicted. */
function frame(images, when) {
  const item = document.createElement("li");
  const names = ["Sample", "Prediction"];
  item.append(
    ...images.map((values, index) => {
      const canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${names[index]} at ${when}`);
      canvas.title = `${names[index]} at ${when}`;
      show(canvas, values, model.info);
      return canvas;
    }),
  );
  return item;
}

function tellBytes(asked, { lines, checksum }) {
  find("checksum").textContent = checksum;
  find("request").textContent = `${program()} -- ${request(asked)}`;
  find("answer").textContent = lines.join("\n");
  find("command").textContent = command(asked, model.file);
}

/** The command that runs a board's program with the model. */
function program() {
  if (model.file === BUILT_IN) return "../cargo run --release";
  const features = [];
  if (model.info.arithmetic === "float") features.push("--no-default-features", "--features float");
  if (model.info.weightBits < 8) features.push("--features few-bits");
  return [`VAPO_MODEL=/absolute/path/of/${model.file} ../cargo run --release`, ...features].join(" ");
}

// Completing and judging.

const complete = latest(async () => {
  const asked = settings();
  if (!asked || !model) return;
  const of = model;
  const given = draws.image.slice();
  const restoring = usualTemperature(asked.solver, { restoring: true });
  try {
    const found = draws.isComplete
      ? given
      : await ask("restore", { image: given, known: draws.known, settings: { ...asked, seed: way, temperature: restoring } });
    const judged = [await ask("judge", { image: given }), await ask("judge", { image: found })];
    if (of !== model) return;
    show(find("completed"), found, of.info);
    const read = judged[1].found ? `, reads as ${judged[1].found.class}` : "";
    const said = draws.isComplete ? `All of it is known${read}.` : `Completed${read}.`;
    find("completed").setAttribute("aria-label", said);
    find("completed-caption").textContent = said;
    if (of.usual) tellEnergies(judged, of.usual);
  } catch (error) {
    if (of === model) fail(error);
  }
});

/** Sets the meter: its first two fifths are where nine of ten of the model's own samples are. */
function tellEnergies([given, completed], usual) {
  const at = (part) => usual[Math.round(part * (usual.length - 1))];
  const [low, high] = [at(0.05), at(0.95)];
  const place = ({ energy }) => (energy - low) / Math.max(high - low, 1e-6);
  const share = (judged) => Math.min(1, Math.max(0, 0.04 + 0.36 * place(judged)));
  const word = (judged) => (place(judged) <= 1 ? "like the model’s own" : place(judged) <= 2 ? "unusual" : "very unusual");
  const tell = (judged) => {
    const anomaly = judged.verdict ? `, by the threshold ${judged.verdict.anomalous ? "an anomaly" : "ordinary"}` : "";
    return `${judged.energy.toFixed(1)}, ${word(judged)}${anomaly}`;
  };
  find("needle").style.left = `${100 * share(given)}%`;
  find("completed-needle").style.left = `${100 * share(completed)}%`;
  find("completed-needle").hidden = draws.isComplete;
  const meter = find("meter");
  meter.setAttribute("aria-valuenow", String(Math.round(100 * share(given))));
  meter.setAttribute("aria-valuetext", tell(given));
  find("energy").textContent = `Yours: ${tell(given)}.${draws.isComplete ? "" : ` Completed: ${tell(completed)}.`}`;
  find("energy-scale").textContent = `Of ${usual.length} samples of the model’s own nine in ten are between ${low.toFixed(1)} and ${high.toFixed(1)}: the coloured part.`;
}

// Models.

/** Number of the model that was last asked for: nothing is said of those before. */
let turns = 0;

/** Opens a model, whose bytes `read` finds. Where it is refused, the one that was there before stays. */
async function open(read, name, file, where = name) {
  const turn = ++turns;
  try {
    const bytes = await read();
    if (turn !== turns) return;
    // The worker opens in the order asked, so that its model is the one that was told of last.
    const info = await ask("open", { file: bytes });
    model = { name, file, info };
    find("model-error").hidden = true;
    find("alert").hidden = true;
    image = undefined;
    find("title").textContent = file === BUILT_IN ? "A digit out of noise" : "An image out of noise";
    find("energy").textContent = "The model draws samples of its own first.";
    find("energy-scale").textContent = "";
    find("completed-caption").textContent = "";
    find("cell").textContent = "";
    fill(info.classes);
    about(info, name);
    draws.begin(info);
    show(find("image"), new Float32Array(info.elements).fill(-1), info);
    show(find("completed"), new Float32Array(info.elements).fill(-1), info);
    await draw();
    await measure();
  } catch (error) {
    if (turn === turns) refuse(`${where}: ${error.message}`);
  }
}

/** Draws samples of the model's own, for a scale of energies. What is asked for meanwhile comes between. */
async function measure() {
  const of = model;
  const energies = [];
  const count = Math.max(9, Math.min(60, Math.round(OWN_PIXELS / of.info.elements)));
  while (energies.length < count) {
    energies.push(await ask("own", { seed: energies.length }));
    if (of !== model) return;
  }
  of.usual = energies.sort((a, b) => a - b);
  if (image) draws.take(image);
}

function about(info, name) {
  find("model-bytes").textContent = numbers.format(info.fileBytes);
  find("fits").hidden = model.file !== BUILT_IN;
  const weights = info.weightBits === 32 ? "floats of 32 bits" : `${info.weightBits} bits`;
  const rows = [
    ["Model", name],
    ["Images", `${info.height}×${info.width}${info.channels > 1 ? `×${info.channels}` : ""}`],
    ["Classes", info.classes || "none"],
    ["Parameters", numbers.format(info.parameters)],
    ["File", `${numbers.format(info.fileBytes)} bytes`],
    ["Arithmetic", `${info.arithmetic === "integer" ? "integers" : "floats"}, weights of ${weights}`],
    ["Works in", `${numbers.format(info.arenaBytes)} bytes`],
  ];
  find("about").replaceChildren(
    ...rows.flatMap(([term, value]) => [
      Object.assign(document.createElement("dt"), { textContent: term }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    ]),
  );
}

function builtIn(name) {
  const path = `models/${name}.vapo`;
  const read = async () => {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`status ${response.status}: run ./build again`);
    return response.arrayBuffer();
  };
  return open(read, name === "digits" ? "Digits" : "Garments", `${name}.vapo`, path);
}

async function chosen(file) {
  if (file) await open(() => file.arrayBuffer(), file.name, file.name);
}

function refuse(said) {
  const error = find("model-error");
  error.textContent = said;
  error.hidden = false;
}

function fail(error) {
  find("alert").textContent = error.message;
  find("alert").hidden = false;
}

// Controls.

find("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  draw();
});
find("settings").addEventListener("input", echo);
find("settings").addEventListener("change", () => draw());
find("solver").addEventListener("change", () => {
  find("temperature").value = usualTemperature(find("solver").value);
  echo();
});
find("next-seed").addEventListener("click", () => {
  const asked = settings();
  find("seed").value = String(((asked?.seed ?? -1n) + 1n) % (1n << 64n));
  draw();
});
find("take").addEventListener("click", () => image && draws.take(image));
find("clear").addEventListener("click", () => draws.clear());
find("again").addEventListener("click", () => {
  way++;
  complete();
});
find("known").addEventListener("change", (event) => draws.setPart(event.target.value));
find("file").addEventListener("change", (event) => {
  chosen(event.target.files[0]);
  event.target.value = "";
});
document.querySelectorAll("[data-model]").forEach((button) => {
  button.addEventListener("click", () => builtIn(button.dataset.model));
});
for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    find("drop").classList.toggle("over", over);
  });
}
addEventListener("drop", (event) => chosen(event.dataTransfer.files[0]));

fill(10);
echo();
builtIn("digits");
