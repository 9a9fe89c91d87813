/** The sampler of VAPO: models in, images out. The bytes are those of a board and of `vapo-train sample`. */

/** Names of the solvers. */
export type Solver = "euler" | "heun" | "ab2" | "etd2";

/** All solvers. */
export const SOLVERS: readonly Solver[];

/** A refused request: it says what was expected, what was found, and what to do. */
/** Its `cause` is the error that it came from, where there was one. */
export class VapoError extends Error {
  readonly name: "VapoError";
}

/** The state of a sample before a step. */
export interface Step {
  /** Number of the step, from 0. */
  index: number;
  /** Number of all steps. */
  steps: number;
  /** Time, from 0 (noise) to below 1 (data). */
  time: number;
  /** The sample at this time: at time 0 it is noise. */
  x: Float32Array;
  /** The image that the potential predicts from it. */
  predicted: Float32Array;
  /** CRC-32 of the drift's bytes, which a board prints. */
  driftChecksum: number;
}

/** How a sample is drawn. The same settings give the same bytes everywhere. */
export interface Settings {
  /** Decides the noise: a whole number from 0 to 2^64 - 1, above 2^53 as a BigInt. Default 0. */
  seed?: number | bigint;
  /** Steps from noise to sample, 1 to 65535. Default 20. */
  steps?: number;
  /** Default `etd2`. */
  solver?: Solver;
  /** How much noise is added while sampling, at least 0. {@link usualTemperature} gives the default. */
  temperature?: number;
  /** The class to draw, from 0. Default: any class. */
  class?: number | null;
  /** How strongly the sample is pushed towards its class, with two evaluations in place of one. Default 0: not at all. */
  guidance?: number;
  /** Below 1 steps are longest near the data. Default 0.5. A board calls it `exponent`. */
  grading?: number;
  /** How far `etd2` extrapolates the predicted image, at least 0. Default 1.25. */
  extrapolation?: number;
  /** Is called before each step. It must not use the model. */
  onStep?: (step: Step) => void;
}

/** The shape and classes of a model. */
export interface Info {
  /** Rows of an image; 1 for a series. */
  readonly height: number;
  readonly width: number;
  /** Numbers of a pixel. */
  readonly channels: number;
  /** Numbers of an image: height · width · channels. */
  readonly elements: number;
  /** Number of classes; 0 if there are none. */
  readonly classes: number;
  readonly hasThreshold: boolean;
  readonly hasClassifier: boolean;
  readonly arithmetic: "integer" | "float";
  /** 8, 6 or 4; 32 for floats. */
  readonly weightBits: number;
  /** Bytes that the sampler works in. */
  readonly arenaBytes: number;
  readonly fileBytes: number;
  readonly nodes: number;
  readonly parameters: number;
}

/** The verdict of a threshold on an image. */
export interface Verdict {
  energy: number;
  anomalous: boolean;
}

/** The class of an image, by its energies. */
export interface Classified {
  class: number;
  energy: number;
  /** The energy of the next best class minus this one: the larger, the surer. */
  margin: number;
}

/** A model. Images are `height · width · channels` finite numbers, about -1 to 1, row by row, channels last. */
export class Model {
  private constructor();
  readonly info: Info;
  /** Draws a sample. @throws {VapoError} */
  sample(settings?: Settings): Float32Array;
  /**
   * Restores the missing part of an image.
   * @param image An image with the known numbers. The others are ignored.
   * @param known A mark for each number: whether it is known.
   * @throws {VapoError}
   */
  restore(image: ArrayLike<number>, known: ArrayLike<number | boolean>, settings?: Settings): Float32Array;
  /**
   * How unusual an image is: the higher, the more. Minus the logarithm of a density, up to a constant.
   * @param about The time of the energy, default 0.5; the class, default any class; `noisy` for a sample that has the
   *   noise of that time.
   * @throws {VapoError}
   */
  energy(image: ArrayLike<number>, about?: { time?: number; class?: number | null; noisy?: boolean }): number;
  /** The verdict of the model's threshold on an image; `null` if the model has none. @throws {VapoError} */
  verdict(image: ArrayLike<number>): Verdict | null;
  /** The class of an image, by the model's classifier; `null` if the model has none. @throws {VapoError} */
  classify(image: ArrayLike<number>): Classified | null;
}

/** The module. Opens models, each in memory of its own, which is freed with the model. */
export class Vapo {
  /** @throws {VapoError} */
  constructor(module: WebAssembly.Module);
  /** Checks a model's file and plans its memory. @throws {VapoError} */
  open(file: BufferSource): Promise<Model>;
}

/** Loads the WebAssembly module, by default from the folder of this file. @throws {VapoError} */
export function load(
  source?: BufferSource | WebAssembly.Module | URL | string | Response | Promise<Response>,
): Promise<Vapo>;

/**
 * Settings with all defaults filled in, except the temperature. Whether a class exists is only known to a model.
 * @throws {VapoError}
 */
export function settled(settings?: Settings): Settings & { seed: bigint } & Required<
  Pick<Settings, "steps" | "solver" | "guidance" | "grading" | "extrapolation">
>;

/** The default temperature of a solver, for drawing or for restoring. @throws {VapoError} */
export function usualTemperature(solver: Solver, about?: { restoring?: boolean }): number;

/** The eight hexadecimal digits of each number's bits, as a board prints them. @throws {VapoError} */
export function hexadecimal(values: ArrayLike<number>): string;

/** CRC-32 of the bytes of an image, as eight hexadecimal digits. @throws {VapoError} */
export function checksum(values: ArrayLike<number>): string;
