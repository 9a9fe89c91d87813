// The module gives this machine's bits and a board's, and refuses what is wrong.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { answer, command, judged, request } from "../answer.js";
import { checksum, load, hexadecimal, SOLVERS, usualTemperature, Vapo, VapoError } from "../vapo.js";
import { boardAnswers, hostAnswers, modelBytes, settingsOf } from "./host.js";

const vapo = await load();
const open = (name) => vapo.open(modelBytes(name));

/** What is known of a request's image: rows from the top, of the pattern that a board takes. */
function pattern({ info }, rows) {
  const known = rows * info.width * info.channels;
  const indices = Array.from({ length: info.elements }, (_, index) => index);
  return [indices.map((index) => (index < known ? 0.5 - 0.5 * (index % 4) : NaN)), indices.map((index) => index < known)];
}

/** The module's answer to settings. */
function answers(model, { known = 0, ...settings }) {
  if (!known) return answer(model, settings).lines;
  const lines = [];
  const onStep = ({ time, driftChecksum }) => {
    lines.push(`step ${hexadecimal([time])} ${driftChecksum.toString(16).padStart(8, "0")}`);
  };
  const image = model.restore(...pattern(model, known), { ...settings, onStep });
  return [...lines, ...judged(model, image, settings.class)];
}

/** Compares with this machine. */
async function equalsTheHost(name, asked) {
  const model = await open(name);
  const expected = hostAnswers(asked.map((settings) => ({ model: name, ...settings })));
  asked.forEach((settings, index) => assert.deepEqual(answers(model, settings), expected[index], `${name} ${JSON.stringify(settings)}`));
}

for (const name of ["digits", "digits-int8", "digits-float32"]) {
  test(`${name}: samples of every solver, temperature and class are this machine's`, async () => {
    const asked = SOLVERS.flatMap((solver) => [0, 0.3, 1].map((temperature) => ({ seed: 11, steps: 4, solver, temperature })));
    for (let digit = 0; digit < 10; digit++) {
      asked.push({ seed: digit, steps: 5, class: digit, temperature: 0.3 });
      asked.push({ seed: digit, steps: 3, class: digit, guidance: 1.5, solver: "heun", temperature: 0.7 });
    }
    asked.push({ seed: 2 ** 53 - 1, steps: 20, temperature: 0.3, grading: 0.8, extrapolation: 1 });
    for (const solver of SOLVERS) asked.push({ seed: 3, steps: 6, solver, known: 4, temperature: usualTemperature(solver, { restoring: true }) });
    await equalsTheHost(name, asked);
  });
}

test("garments of 28×28 are this machine's, in integers and floats", async () => {
  for (const name of ["fashion", "fashion-70000", "fashion-int8"]) {
    await equalsTheHost(name, [{ seed: 4, steps: 3, temperature: 0.3 }, { seed: 5, steps: 2, known: 9, temperature: 8 }]);
  }
});

test("windows of a series are this machine's", async () => {
  await equalsTheHost("series", SOLVERS.map((solver) => ({ seed: 3, steps: 4, solver, temperature: 0.3 })));
});

test("a model of 4 bits a weight, and every version of the file, are read", async () => {
  for (const seed of ["integer4", "integer6", "int4", "int6", "version-1-int8", "version-1-float32", "threshold", "integer-threshold"]) {
    const model = await vapo.open(readFileSync(new URL(`../../../../vapo-format/fuzz/seeds/${seed}.vapo`, import.meta.url)));
    assert.ok(model.sample({ steps: 2 }).every(Number.isFinite), seed);
    assert.equal(model.verdict(new Float32Array(model.info.elements)) !== null, model.info.hasThreshold, seed);
  }
});

test("what an emulated board printed is what this machine and the module say", async () => {
  const model = await open("digits");
  const printed = boardAnswers();
  assert.ok(printed.length >= 5);
  const asked = printed.map(({ request }) => settingsOf(request));
  const usual = ({ solver = "etd2", known }) => usualTemperature(solver, { restoring: known > 0 });
  const host = hostAnswers(asked.map((settings) => ({ model: "digits", temperature: usual(settings), ...settings })));
  printed.forEach(({ request, lines }, index) => {
    assert.deepEqual(host[index], lines, request);
    assert.deepEqual(answers(model, asked[index]), lines, request);
  });
});

test("a request and a command name the settings that draw a sample", () => {
  const settings = { seed: 7n, steps: 10, class: 3, guidance: 1.5 };
  assert.equal(request(settings), "seed=7 solver=etd2 steps=10 temperature=0.3 class=3 guidance=1.5");
  const asked = "--seed 7 --solver etd2 --steps 10 --temperature 0.3 --class 3 --guidance 1.5";
  const drawn = (asked) => `vapo-train sample --model m.vapo --count 1 ${asked} --out sample.npy`;
  assert.equal(command(settings, "m.vapo"), drawn(asked));
  const all = { ...settings, grading: 0.8, extrapolation: 1 };
  assert.equal(request(all), `${request(settings)} exponent=0.8 extrapolation=1`);
  assert.equal(command(all, "m.vapo"), drawn(`${asked} --grading 0.8 --extrapolation 1`));
  // Only etd2 extrapolates, and the command line refuses the option beside another solver.
  const euler = { ...all, solver: "euler", temperature: 0 };
  const without = asked.replace("etd2", "euler").replace("0.3", "0");
  assert.equal(command(euler, "m.vapo"), drawn(`${without} --grading 0.8`));
  // What is usual is left out, and null is no class, as in sample().
  const usual = { seed: 0, guidance: 0, grading: 0.5, extrapolation: 1.25, class: null };
  assert.equal(request(usual), "seed=0 solver=etd2 steps=20 temperature=0.3");
  assert.equal(command(usual, "m.vapo"), drawn("--seed 0 --solver etd2 --steps 20 --temperature 0.3"));
  assert.equal(request({}), request(usual));
});

test("a request that is read again is of the same settings, and draws the same bytes", async () => {
  const model = await open("digits");
  const others = [{ grading: 0.8 }, { extrapolation: 0 }, { extrapolation: 1.5, grading: 1.25, class: 3, guidance: 0.1 + 0.2 }];
  for (const settings of [...others, { temperature: 1e-7 }, { temperature: 1 + 2 ** -24 }, { class: null, seed: 2n ** 64n - 1n }]) {
    const asked = { steps: 3, ...settings };
    assert.deepEqual(answers(model, settingsOf(request(asked))), answers(model, asked), request(asked));
    const pairs = [...command(asked, "m.vapo").matchAll(/--(seed|solver|steps|temperature|class|guidance|grading|extrapolation) (\S+)/g)];
    const said = settingsOf(pairs.map(([, name, value]) => `${name}=${value}`).join(" "));
    assert.deepEqual(answers(model, said), answers(model, asked), command(asked, "m.vapo"));
  }
});

test("what a board cannot read, or nothing draws, is not shown as a request", () => {
  const refused = (call, message) => assert.throws(call, (error) => error instanceof VapoError && message.test(error.message));
  refused(() => request({ class: 1, guidance: -1 }), /board reads guidance of at least 0 and at most 7 digits, found -1: take/);
  refused(() => request({ grading: 1 / 3 }), /board reads grading .* found 0.33333334/);
  refused(() => request({ temperature: 1e-20 }), /board reads temperature .* found 1e-20/);
  refused(() => request({ extrapolation: 2 ** 24 }), /board reads extrapolation .* found 16777216/);
  assert.match(command({ class: 1, guidance: -1 }, "m.vapo"), /--guidance -1 /);
  for (const show of [request, command]) {
    refused(() => show({ solver: "rk4" }, "m.vapo"), /found "rk4"/);
    refused(() => show({ exponent: 0.8 }, "m.vapo"), /found "exponent"/);
    refused(() => show(null, "m.vapo"), /found null/);
  }
});

test("steps lead from noise to the sample", async () => {
  const model = await open("digits");
  const steps = [];
  const image = model.sample({ seed: 7, steps: 10, class: 3, onStep: (step) => steps.push(step) });
  assert.deepEqual(steps.map(({ index }) => index), [...Array(10).keys()]);
  assert.ok(steps.every(({ steps }) => steps === 10) && steps[0].time === 0 && steps[9].time < 1);
  const distance = (values) => Math.hypot(...values.map((value, index) => value - image[index]));
  const [first, last] = [steps[0], steps[9]].map(({ x, predicted }) => [distance(x), distance(predicted)]);
  assert.ok(first[0] > 6 && last[0] < 5 && last[1] < 1.5 && last[1] < first[1], `${first} ${last}`);
  assert.ok(steps.every(({ x }, index) => index === 0 || x !== steps[index - 1].x));
});

test("a digit is of the class that was asked for, and has less energy than noise", async () => {
  const model = await open("digits");
  const right = [...Array(10).keys()].filter((digit) => model.classify(model.sample({ seed: digit, class: digit })).class === digit);
  assert.ok(right.length >= 9, `${right}`);
  const image = model.sample({ seed: 7, class: 3 });
  const noise = image.map((_, index) => ((index * 7919) % 13) / 6 - 1);
  assert.ok(model.energy(image) < model.energy(noise));
  assert.ok(model.energy(image, { class: 3 }) < model.energy(image, { class: 1 }));
});

test("samplers do not disturb each other, and a sample stays what it was", async () => {
  const [one, other] = [await open("digits"), await open("fashion")];
  const first = one.sample({ seed: 1, steps: 3 });
  const copy = first.slice();
  other.sample({ seed: 1, steps: 1 });
  one.restore(...pattern(one, 3), { steps: 2 });
  one.energy(first, { class: 4 });
  assert.deepEqual(first, copy);
  assert.deepEqual(one.sample({ seed: 1, steps: 3 }), copy);
});

test("an error in a step's listener is the caller's, and the model goes on", async () => {
  const model = await open("digits");
  const expected = model.sample({ seed: 2, steps: 4 });
  for (let time = 0; time < 2000; time++) {
    const onStep = () => { throw new RangeError("mine"); };
    assert.throws(() => model.sample({ seed: 2, steps: 1, onStep }), RangeError);
  }
  assert.throws(() => model.sample({ onStep: () => model.energy(expected) }), /use it after sample/);
  assert.deepEqual(model.sample({ seed: 2, steps: 4 }), expected);
});

test("settings that cannot be are refused, with what was expected and found", async () => {
  const model = await open("digits");
  const zeros = new Float32Array(64);
  const cases = [
    [() => model.sample({ class: 10 }), /classes 0 to 9, found class 10/],
    [() => model.sample({ class: 1.5 }), /found class 1.5/],
    [() => model.sample({ seed: -1 }), /whole number from 0 .* found -1/],
    [() => model.sample({ seed: 2 ** 60 }), /as a BigInt/],
    [() => model.sample({ seed: 1n << 64n }), /found 18446744073709551616/],
    [() => model.sample({ steps: 0 }), /steps from 1 to 65535, found 0/],
    [() => model.sample({ steps: 65536 }), /found 65536/],
    [() => model.sample({ solver: "rk4" }), /solver of euler, heun, ab2, etd2, found "rk4"/],
    [() => model.sample({ temperature: -1 }), /temperature of at least 0, as 0.3, found -1/],
    [() => model.sample({ temperature: NaN }), /found NaN/],
    [() => model.sample({ grading: 0 }), /grading is positive .* grading 0/],
    [() => model.sample({ grading: "x" }), /grading to be a number, found "x"/],
    [() => model.sample({ extrapolation: -1 }), /at least 0, as 1.25, found -1/],
    [() => model.sample({ guidance: 2 }), /ask for a class/],
    [() => model.sample({ guidance: 1e300, class: 2 }), /guidance to be a finite number of 32 bits, .* found 1e\+300/],
    [() => model.sample({ guidance: NaN, class: 2 }), /guidance to be a finite number of 32 bits, .* found NaN/],
    [() => model.sample({ extrapolation: 1e39 }), /extrapolation to be a finite number of 32 bits, as 1.25, found 1e\+39/],
    [() => model.sample({ temperature: Infinity }), /temperature to be a finite number of 32 bits, as 0.3, found Infinity/],
    [() => model.sample({ temprature: 1 }), /expected settings of .* found "temprature"/],
    [() => model.sample(null), /expected settings of seed, .* in an object, found null: leave them out/],
    [() => model.sample("seed"), /in an object, found "seed"/],
    [() => model.sample([7]), /in an object, found \[object Array\]/],
    [() => model.sample({ seed: Object.create(null) }), /found \[object Object\]/],
    [() => model.restore(zeros, zeros, null), /in an object, found null/],
    [() => model.restore(zeros, null), /64 marks of what is known, found null/],
    [() => model.restore(null, zeros), /image of 64 numbers, found null/],
    [() => model.energy(zeros, null), /expected settings of time, class, noisy in an object, found null/],
    [() => model.energy("0".repeat(64)), /image of 64 numbers, found 64/],
    [() => usualTemperature("etd2", null), /expected settings of restoring in an object, found null/],
    [() => model.sample({ onStep: 3 }), /onStep to be a function/],
    [() => model.energy(zeros.slice(1)), /image of 64 numbers, found 63/],
    [() => model.energy(zeros, { time: 1 }), /no energy at time 1/],
    [() => model.energy(zeros, { time: 2 }), /time from 0 to 1, found 2/],
    [() => model.restore(zeros, [true]), /64 marks of what is known, found 1/],
    [() => model.restore([NaN, ...zeros.slice(1)], Array(64).fill(true)), /finite numbers .* NaN at 0/],
    [() => usualTemperature("rk4"), /found "rk4"/],
  ];
  for (const [call, message] of cases) {
    assert.throws(call, (error) => error instanceof VapoError && message.test(error.message) || assert.fail(`${call}: ${error.message}`));
  }
  const garments = await open("fashion");
  assert.throws(() => garments.sample({ class: 0 }), /has no classes, found class 0/);
  assert.equal(garments.classify(new Float32Array(784)), null);
});

test("what is out of the range of numbers is refused", async () => {
  const far = [{ extrapolation: 1e38, steps: 3 }, { guidance: 3e38, class: 2, steps: 2 }];
  const refused = (call, message) => assert.throws(call, (error) => error instanceof VapoError && message.test(error.message));
  for (const name of ["digits", "digits-int8"]) {
    const model = await open(name);
    const zeros = new Float32Array(64);
    const expected = model.sample({ seed: 2, steps: 3 });
    for (const settings of far) {
      refused(() => model.sample(settings), /settings lead out of the range of numbers: .* found -?(Infinity|NaN) at \d+; take/);
      refused(() => model.restore(zeros, zeros, settings), /settings lead out of the range of numbers/);
    }
    for (const judge of ["energy", "classify", "verdict"]) {
      for (const odd of [NaN, Infinity, -Infinity, 1e39]) {
        refused(() => model[judge](zeros.map((zero, index) => (index === 5 ? odd : zero))), /image of finite numbers of 32 bits, found -?(Infinity|NaN) at 5/);
      }
    }
    for (const judge of ["energy", "classify"]) refused(() => model[judge](zeros.fill(1e30)), /image leads out of the range .* energy of/);
    assert.deepEqual(model.sample({ seed: 2, steps: 3 }), expected);
  }
});

test("whatever is no model is refused, by what is wrong with it", async () => {
  const file = modelBytes("digits");
  const refused = async (bytes, message) => assert.rejects(vapo.open(bytes), (error) => error instanceof VapoError && message.test(error.message));
  await refused(new Uint8Array(), /./);
  await refused(new TextEncoder().encode("<!doctype html>, no model at all"), /VAPO/);
  await refused(file.subarray(0, 1000), /34724|ends|bytes/);
  await refused(Buffer.concat([file, Buffer.from([0])]), /34724/);
  await refused("digits.vapo", /expected the bytes of a model's file/);
  // Any byte that is not as it was.
  for (let at = 0; at < file.length; at += 97) {
    const damaged = Uint8Array.from(file);
    damaged[at] ^= 0x10;
    await refused(damaged, /./);
  }
});

test("numbers that are none of 32 bits are refused, and the error that it came from is kept", async () => {
  const model = await open("digits");
  const zeros = new Float32Array(64);
  const large = new BigInt64Array(64);
  const calls = [() => model.energy(large), () => model.classify(large), () => model.verdict(large), () => model.restore(large, zeros)];
  for (const call of [...calls, () => hexadecimal(large), () => checksum(large), () => model.energy(Array(64).fill(Symbol("x")))]) {
    assert.throws(call, (error) => error instanceof VapoError && /of numbers, found .*: give/.test(error.message) && error.cause instanceof TypeError);
  }
});

test("a file's buffer may be given away once it is being opened, but not before", async () => {
  const buffer = Uint8Array.from(modelBytes("digits")).buffer;
  const view = new Uint8Array(buffer);
  const opening = vapo.open(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  assert.equal((await opening).info.classes, 10);
  await assert.rejects(vapo.open(buffer), (error) => error instanceof VapoError && /given away/.test(error.message) && error.cause instanceof TypeError);
  await assert.rejects(vapo.open(view), VapoError);
});

test("a module that is not there is an error that says where it was looked for", async () => {
  const response = new Response("", { status: 404 });
  await assert.rejects(load(response), /found status 404: copy vapo.wasm there/);
  const read = new Response(readFileSync(new URL("../vapo.wasm", import.meta.url)));
  await read.arrayBuffer();
  const cases = [
    ["file:///nope.wasm", /module at file:\/\/\/nope.wasm, found none \(ENOENT.*copy vapo.wasm there/],
    ["http://127.0.0.1:9/x", /module at http:\/\/127.0.0.1:9\/x, found none \(.+\): copy vapo.wasm there/],
    [() => fetch("http://127.0.0.1:9/x"), /found no answer \(.+\): see that vapo.wasm can be reached/],
    ["http://[", /address of vapo.wasm, found "http:\/\/\["/],
    [read, /found no bytes/],
    [null, /where vapo.wasm is, .* found null/, false],
    [7, /where vapo.wasm is, .* found 7/, false],
  ];
  for (const [source, message, caused = true] of cases) {
    await assert.rejects(load(typeof source === "function" ? source() : source), (error) => {
      assert.ok(error instanceof VapoError && message.test(error.message), error);
      return Boolean(error.cause) === caused;
    });
  }
});

test("what is no module, or another, is refused when it is loaded", async () => {
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  // A module that exports nothing, and one that imports the function a.b.
  const empty = new WebAssembly.Module(Uint8Array.from(header));
  const imports = Uint8Array.from([...header, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0]);
  for (const bytes of [new Uint8Array(10), modelBytes("digits"), new ArrayBuffer(0), new Response("no module")]) {
    await assert.rejects(load(bytes), (error) => {
      assert.ok(error instanceof VapoError && /expected the module vapo.wasm, found \d+ bytes of .* do not compile/.test(error.message), error);
      return error.cause instanceof WebAssembly.CompileError;
    });
  }
  for (const source of [empty, Uint8Array.from(header), imports]) {
    await assert.rejects(load(source), (error) => error instanceof VapoError && /vapo.wasm, found one without memory/.test(error.message));
  }
  assert.throws(() => new Vapo(null), (error) => error instanceof VapoError && /compiled module, found null/.test(error.message));
});

test("a checksum is the usual CRC-32, and temperatures are the sampler's", async () => {
  const { crc32 } = await import("node:zlib");
  const image = (await open("digits")).sample({ seed: 1, steps: 2 });
  if (crc32) assert.equal(checksum(image), crc32(new Uint8Array(image.buffer)).toString(16).padStart(8, "0"));

  assert.equal(checksum([]), "00000000");
  const { instance } = await WebAssembly.instantiate(readFileSync(new URL("../vapo.wasm", import.meta.url)), { vapo: { step() {} } });
  SOLVERS.forEach((solver, number) => {
    for (const restoring of [false, true]) {
      const found = instance.exports.temperature_of(number, restoring ? 1 : 0);
      assert.equal(Math.fround(usualTemperature(solver, { restoring })), found, solver);
    }
  });
});
