// The sampler of VAPO: models in, images out. The bytes are those of a board and of `vapo-train sample`.
//
//     const vapo = await load();                    // the WebAssembly module, once
//     const model = await vapo.open(file);          // bytes of a model's file
//     const image = model.sample({ seed: 7, class: 3 });

/** Solvers, as the module numbers them. */
export const SOLVERS = Object.freeze(["euler", "heun", "ab2", "etd2"]);

/** What settings are where nothing is said. */
const USUAL = Object.freeze({ seed: 0, steps: 20, solver: "etd2", grading: 0.5, extrapolation: 1.25, guidance: 0 });
const NAMES = ["seed", "steps", "solver", "temperature", "class", "guidance", "grading", "extrapolation", "onStep"];

/** Something that was asked for and is refused. Its message says what was expected, what was found and what to do. */
export class VapoError extends Error {
  name = "VapoError";
}

/** What a module has: functions, but for the memory. */
const EXPORTS = [
  ...["memory", "create", "file", "open", "info", "text", "text_bytes", "sample", "before", "predicted", "given", "known"],
  ...["numbers_of", "draw", "energy", "verdict", "classify"],
];

/**
 * Loads the WebAssembly module.
 * @param {BufferSource | WebAssembly.Module | Response | URL | string} [source] where it is, if not beside this file
 */
export async function load(source = new URL("./vapo.wasm", import.meta.url)) {
  return new Vapo(await found(source));
}

async function found(promised) {
  const source = await orRefuse(promised, (why) => `expected the module, found no answer (${why}): see that vapo.wasm can be reached`);
  if (source instanceof WebAssembly.Module) return source;
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return compile(source, "the bytes that were given");
  if (source instanceof Response) return fromResponse(source);
  const url = urlOf(source);
  const missing = (why) => `expected the module at ${url.href}, found none (${why}): copy vapo.wasm there`;
  if (url.protocol === "file:" && globalThis.process?.versions?.node) {
    const { readFile } = await import("node:fs/promises");
    return compile(await orRefuse(readFile(url), missing), url.href);
  }
  return fromResponse(await orRefuse(fetch(url), missing));
}

function urlOf(source) {
  if (typeof source === "string" || source instanceof URL) {
    try {
      return new URL(source, import.meta.url);
    } catch (cause) {
      throw new VapoError(`expected the address of vapo.wasm, found ${show(source)}: write it as "https://host/vapo.wasm"`, { cause });
    }
  }
  throw new VapoError(`expected where vapo.wasm is, an address, a response or its bytes, found ${show(source)}: leave it out or name it`);
}

async function fromResponse(response) {
  if (!response.ok) {
    throw new VapoError(`expected the module at ${response.url}, found status ${response.status}: copy vapo.wasm there`);
  }
  const broken = (why) => `expected the module at ${response.url}, found no bytes (${why}): load it again`;
  // Not compileStreaming, which takes one content type alone: simple servers send another.
  return compile(await orRefuse(response.arrayBuffer(), broken), response.url || "the response");
}

function compile(bytes, where) {
  const odd = (why) =>
    `expected the module vapo.wasm, found ${bytes.byteLength} bytes of ${where} that do not compile (${why}): ` +
    "take the file that belongs to vapo.js, and allow 'wasm-unsafe-eval' where a policy forbids it";
  return orRefuse(WebAssembly.compile(bytes), odd);
}

/** What is promised; an error that says more where it fails. */
async function orRefuse(promised, message) {
  try {
    return await promised;
  } catch (cause) {
    if (cause instanceof VapoError) throw cause;
    throw new VapoError(message(cause?.cause?.message || cause?.message || String(cause)), { cause });
  }
}

/** The module. Opens models, each in memory of its own. */
export class Vapo {
  #module;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    if (!(module instanceof WebAssembly.Module)) {
      throw new VapoError(`expected a compiled module, found ${show(module)}: take what load() returns`);
    }
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    const missing = EXPORTS.find((name) => !names.includes(name));
    const other = WebAssembly.Module.imports(module).find((asked) => `${asked.module}.${asked.name}` !== "vapo.step");
    if (missing ?? other) {
      const odd = missing ? `one without ${missing}` : `one that takes ${other.module}.${other.name}`;
      throw new VapoError(`expected the module vapo.wasm, found ${odd}: take the file that belongs to vapo.js`);
    }
    this.#module = module;
  }

  /**
   * Checks a model's file and plans its memory.
   * @param {BufferSource} file bytes of a `.vapo`
   */
  async open(file) {
    // A copy: the caller may write there, or give the buffer away, before the module is ready.
    const bytes = bytesOf(file).slice();
    const told = { step: () => {} };
    const step = (...moment) => told.step(...moment);
    const { exports } = await orRefuse(
      WebAssembly.instantiate(this.#module, { vapo: { step } }),
      (why) => `expected memory for a model, found none (${why}): let go of models that are no longer used`,
    );
    return new Model(exports, told, bytes);
  }
}

/** A model. Samples are `Float32Array`s of `height · width · channels` numbers, about -1 to 1, channels last. */
export class Model {
  #exports;
  #told;
  #instance;
  #busy = false;

  /** Use {@link Vapo.open}. */
  constructor(exports, told, bytes) {
    this.#exports = exports;
    this.#told = told;
    this.#instance = exports.create();
    const at = this.#instance && exports.file(this.#instance, bytes.length);
    if (!at) {
      throw new VapoError(`a model of ${bytes.length} bytes takes more memory than there is: take a smaller one`);
    }
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    if (!exports.open(this.#instance)) throw this.#refused();
    const found = new Uint32Array(exports.memory.buffer, exports.info(this.#instance), 11);
    const [height, width, channels, classes, threshold, classifier, integer, bits, arena, nodes, parameters] = found;
    /** What the model is of. */
    this.info = Object.freeze({
      height,
      width,
      channels,
      elements: height * width * channels,
      classes,
      hasThreshold: threshold === 1,
      hasClassifier: classifier === 1,
      arithmetic: integer ? "integer" : "float",
      weightBits: bits,
      arenaBytes: arena,
      fileBytes: bytes.length,
      nodes,
      parameters,
    });
    Object.freeze(this);
  }

  /** Draws a sample. The same settings give the same bytes everywhere. */
  sample(settings = {}) {
    return this.#draw(settings, false);
  }

  /**
   * Restores what is missing of an image.
   * @param {ArrayLike<number>} image what is known of it; the rest is not looked at
   * @param {ArrayLike<number | boolean>} known where it is known
   */
  restore(image, known, settings = {}) {
    this.#idle();
    const given = this.#numbers(image, "an image");
    const { elements } = this.info;
    if (Object(known) !== known || known.length !== elements) {
      throw new VapoError(`expected ${elements} marks of what is known, found ${known?.length ?? show(known)}: give one a number`);
    }
    const mask = Array.from({ length: elements }, (_, index) => Boolean(known[index]));
    const odd = given.findIndex((value, index) => mask[index] && !Number.isFinite(value));
    if (odd >= 0) throw new VapoError(`expected finite numbers where the image is known, found ${given[odd]} at ${odd}`);
    this.#buffer("given").set(given);
    new Uint8Array(this.#exports.memory.buffer, this.#exports.known(this.#instance), mask.length).set(mask);
    return this.#draw(settings, true);
  }

  /**
   * How unusual an image is: the higher, the more. Minus the logarithm of a density, up to a constant.
   * @param {{ time?: number, class?: number | null, noisy?: boolean }} [about] the time that is judged at, 0.5; `noisy` for a sample that has
   *   the noise of that time
   */
  energy(image, about = {}) {
    this.#idle();
    expectNames(about, ["time", "class", "noisy"]);
    const { time = 0.5, noisy = false } = about;
    if (!(typeof time === "number" && time >= 0 && time <= 1)) {
      throw new VapoError(`expected a time from 0 to 1, found ${show(time)}`);
    }
    this.#give(image);
    if (!this.#exports.energy(this.#instance, time, this.#class(about.class), noisy ? 0 : 1)) throw this.#refused();
    return this.#finite(this.#found()[0]);
  }

  /** What the model's threshold says of an image; `null` where it has none. */
  verdict(image) {
    this.#idle();
    this.#give(image);
    const found = this.#exports.verdict(this.#instance);
    if (!found) throw this.#refused();
    return found === 3 ? null : { energy: this.#finite(this.#found()[0]), anomalous: found === 2 };
  }

  /** The class of an image, by the model's classifier; `null` where it has none. */
  classify(image) {
    this.#idle();
    this.#give(image);
    const found = this.#exports.classify(this.#instance) >>> 0;
    if (!found) throw this.#refused();
    if (found === 0xffffffff) return null;
    const [energy, margin] = this.#found();
    return { class: found - 1, energy: this.#finite(energy), margin };
  }

  #draw(settings, restore) {
    this.#idle();
    const asked = settled(settings);
    const of = this.#class(asked.class);

    // An exception must not pass through the module, whose stack would stay as it was. It is thrown after.
    let thrown;
    this.#told.step = (index, time, drift) => {
      if (thrown || !asked.onStep) return;
      try {
        asked.onStep({
          index,
          steps: asked.steps,
          time,
          x: this.#buffer("before").slice(),
          predicted: this.#buffer("predicted").slice(),
          driftChecksum: drift >>> 0,
        });
      } catch (error) {
        thrown = { error };
      }
    };
    const { seed, steps, grading, extrapolation, temperature, guidance } = asked;
    this.#setBusy(true);
    let done;
    try {
      const heat = temperature ?? NaN;
      done = this.#exports.draw(
        this.#instance, seed, steps, SOLVERS.indexOf(asked.solver), grading, extrapolation, heat, of, guidance, restore ? 1 : 0,
      );
    } finally {
      this.#setBusy(false);
    }
    if (thrown) throw thrown.error;
    if (!done) throw this.#refused(` (asked for ${steps} steps, grading ${grading}, guidance ${guidance})`);
    const image = this.#buffer("sample").slice();
    const odd = image.findIndex((value) => !Number.isFinite(value));
    if (odd < 0) return image;
    throw new VapoError(
      `the settings lead out of the range of numbers: expected finite numbers, found ${image[odd]} at ${odd}; ` +
        `take an extrapolation near 1.25 (asked for ${extrapolation}) and a guidance near 0 (asked for ${guidance})`,
    );
  }

  #setBusy(busy) {
    this.#busy = busy;
  }

  /** A step's listener must not use the model: it is in use. */
  #idle() {
    if (this.#busy) throw new VapoError("the model is drawing: use it after sample() or restore(), not in onStep");
  }

  /** The number of a class, -1 for whatever class. */
  #class(found) {
    if (found === undefined || found === null) return -1;
    const { classes } = this.info;
    if (Number.isInteger(found) && found >= 0 && found < classes) return found;
    const have = classes ? `has the classes 0 to ${classes - 1}` : "has no classes";
    throw new VapoError(`the model ${have}, found class ${show(found)}`);
  }

  #numbers(values, what) {
    const { elements } = this.info;
    if (Object(values) !== values || values.length !== elements) {
      throw new VapoError(`expected ${what} of ${elements} numbers, found ${values?.length ?? show(values)}`);
    }
    return floats(values, what);
  }

  #give(image) {
    const given = this.#numbers(image, "an image");
    const odd = given.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) throw new VapoError(`expected an image of finite numbers of 32 bits, found ${given[odd]} at ${odd}: mend it`);
    this.#buffer("given").set(given);
  }

  /** An energy, where it is a number. */
  #finite(energy) {
    if (Number.isFinite(energy)) return energy;
    throw new VapoError(`the image leads out of the range of numbers: expected numbers of about -1 to 1, found an energy of ${energy}`);
  }

  /** Memory may have moved since the last call, so a buffer is looked up each time. */
  #buffer(name) {
    return new Float32Array(this.#exports.memory.buffer, this.#exports[name](this.#instance), this.info.elements);
  }

  #found() {
    return new Float32Array(this.#exports.memory.buffer, this.#exports.numbers_of(this.#instance), 2);
  }

  /** Why the module refused, with what it was asked for. */
  #refused(asked = "") {
    const { memory, text, text_bytes } = this.#exports;
    const said = new Uint8Array(memory.buffer, text(this.#instance), text_bytes(this.#instance));
    return new VapoError(new TextDecoder().decode(said) + asked);
  }
}

/** Settings with all that is usual filled in, but for the temperature. Only a model knows whether it has the class. */
export function settled(settings = {}) {
  expectNames(settings, NAMES);
  const asked = { ...USUAL, ...defined(settings) };
  if (!SOLVERS.includes(asked.solver)) {
    throw new VapoError(`expected a solver of ${SOLVERS.join(", ")}, found ${show(asked.solver)}`);
  }
  if (!(Number.isInteger(asked.steps) && asked.steps >= 1 && asked.steps <= 65535)) {
    throw new VapoError(`expected steps from 1 to 65535, found ${show(asked.steps)}`);
  }
  const { temperature } = asked;
  if (temperature !== undefined && !(typeof temperature === "number" && temperature >= 0)) {
    throw new VapoError(`expected a temperature of at least 0, as 0.3, found ${show(temperature)}`);
  }
  for (const name of ["grading", "extrapolation", "guidance", "temperature"]) {
    const found = asked[name];
    if (found === undefined) continue;
    if (typeof found !== "number") throw new VapoError(`expected ${name} to be a number, found ${show(found)}`);
    if (!Number.isFinite(Math.fround(found))) {
      throw new VapoError(`expected ${name} to be a finite number of 32 bits, as ${USUAL[name] ?? 0.3}, found ${found}`);
    }
  }
  if (asked.extrapolation < 0) {
    throw new VapoError(`expected an extrapolation of at least 0, as 1.25, found ${asked.extrapolation}`);
  }
  if (asked.onStep !== undefined && typeof asked.onStep !== "function") {
    throw new VapoError(`expected onStep to be a function, found ${show(asked.onStep)}`);
  }
  asked.seed = seedOf(asked.seed);
  return asked;
}

/** The temperature that a solver draws at, or restores at, where none is given. */
export function usualTemperature(solver, about = {}) {
  expectNames(about, ["restoring"]);
  if (!SOLVERS.includes(solver)) throw new VapoError(`expected a solver of ${SOLVERS.join(", ")}, found ${show(solver)}`);
  return solver === "etd2" ? (about.restoring ? 8 : 0.3) : 0;
}

/** The eight hexadecimal digits of each number's bits, as a board prints them. */
export function hexadecimal(values) {
  const bytes = new DataView(floats(values, "a list").buffer);
  return Array.from(values, (_, index) => bytes.getUint32(4 * index, true).toString(16).padStart(8, "0")).join("");
}

/** CRC-32 of the bytes of an image, eight hexadecimal digits. */
export function checksum(values) {
  let crc = 0xffffffff;
  for (const byte of new Uint8Array(floats(values, "an image").buffer)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

/** A value as a message names it: of what is no number or text its kind. */
function show(value) {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return Object(value) === value ? Object.prototype.toString.call(value) : String(value);
}

const defined = (settings) => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

function bytesOf(file) {
  try {
    if (file instanceof ArrayBuffer) return new Uint8Array(file);
    if (ArrayBuffer.isView(file)) return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  } catch (cause) {
    const given = "a buffer that was given away";
    throw new VapoError(`expected the bytes of a model's file, found ${given}: open it before you post it, or a copy`, { cause });
  }
  throw new VapoError(`expected the bytes of a model's file, an ArrayBuffer or a view of one, found ${show(file)}`);
}

/** Numbers of 32 bits. */
function floats(values, what) {
  try {
    return Float32Array.from(values);
  } catch (cause) {
    throw new VapoError(`expected ${what} of numbers, found ${show(values)} of others: give a Float32Array`, { cause });
  }
}

function expectNames(settings, names) {
  if (Object(settings) !== settings || typeof settings === "function" || Array.isArray(settings)) {
    throw new VapoError(`expected settings of ${names.join(", ")} in an object, found ${show(settings)}: leave them out, or give {}`);
  }
  const odd = Object.keys(settings).find((name) => !names.includes(name));
  if (odd !== undefined) throw new VapoError(`expected settings of ${names.join(", ")}, found ${show(odd)}`);
}

function seedOf(seed) {
  const whole = typeof seed === "bigint" || Number.isSafeInteger(seed);
  if (whole && BigInt(seed) >= 0n && BigInt(seed) < 1n << 64n) return BigInt(seed);
  throw new VapoError(`expected a seed that is a whole number from 0 to 2^64 - 1, above 2^53 as a BigInt, found ${show(seed)}`);
}
