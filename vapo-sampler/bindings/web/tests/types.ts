// Compiled, not run: what a program in TypeScript may write, and what the types refuse.
import { load, hexadecimal, usualTemperature, VapoError, type Settings } from "../vapo.js";
import { answer, request } from "../answer.js";
import { ask } from "../page/sampler.js";

const vapo = await load(new Uint8Array());
const model = await vapo.open(new ArrayBuffer(8));
const settings: Settings = { seed: 7n, steps: 10, solver: "heun", class: 3, onStep: ({ time, predicted }) => time + predicted[0] };
const image: Float32Array = model.sample(settings);
const known: boolean[] = Array.from(image, (value) => value > 0);
const restored = model.restore(Array.from(image), known, { temperature: usualTemperature("etd2", { restoring: true }) });
const energy: number = model.energy(restored, { class: 3 });
const verdict: boolean | undefined = model.verdict(image)?.anomalous;
const lines: string[] = [request(settings), ...answer(model, settings).lines, hexadecimal([energy]), String(verdict)];

model.sample({ class: null });
const asked: Float32Array = (await ask("sample", { settings: { seed: 7 } }, ({ index }) => index)).image;

// @ts-expect-error there is no such solver
model.sample({ solver: "rk4" });
// @ts-expect-error classes are numbers
model.sample({ class: "3" });
// @ts-expect-error what a model is of does not change
model.info.width = 3;

export { asked, lines, VapoError };
